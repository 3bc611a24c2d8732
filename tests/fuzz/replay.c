/* Runs one fuzz target over the files of a folder, as a normal test without libFuzzer. Every file
 * is also cut short at 64 places, so that a small corpus covers much. */
#include "target.h"
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* In a block of exactly its size, for sanitizers. */
static void feed(const uint8_t *bytes, size_t n) {
    uint8_t *copy = malloc(n ? n : 1);
    if (!copy) return;
    if (n) memcpy(copy, bytes, n);
    LLVMFuzzerTestOneInput(copy, n);
    free(copy);
}

static int replay(const char *path) {
    static uint8_t bytes[1 << 20];
    FILE *f = fopen(path, "rb");
    if (!f) return 0;
    size_t n = fread(bytes, 1, sizeof bytes, f);
    fclose(f);
    feed(bytes, n);
    for (size_t k = 0; k < 64; k++) feed(bytes, n * k / 64);
    return 1;
}

int main(int argc, char **argv) {
    int passed = 0;
    DIR *dir = argc > 1 ? opendir(argv[1]) : NULL;
    for (struct dirent *d; dir && (d = readdir(dir));) {
        char path[4096];
        if (d->d_name[0] == '.') continue;
        snprintf(path, sizeof path, "%s/%s", argv[1], d->d_name);
        passed += replay(path);
    }
    if (dir) closedir(dir);
    printf("%d passed, %d failed\n", passed, passed == 0);
    return passed == 0;
}
