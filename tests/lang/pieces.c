/* Pieces of programs. */
#include "pieces.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

bool pieces_open(struct pieces *p, const char *path) {
    if (p->text && strcmp(p->path, path) == 0) return true;
    pieces_close(p);
    FILE *f = fopen(path, "r");
    if (!f) return false;
    snprintf(p->path, sizeof p->path, "%s", path);
    p->text = calloc(1, 1 << 16);
    p->n = p->text ? fread(p->text, 1, (1 << 16) - 1, f) : 0;
    fclose(f);
    return p->n > 0;
}

void pieces_close(struct pieces *p) {
    free(p->text);
    memset(p, 0, sizeof *p);
}

/* Piece i: its comment's text and what follows. False: there are no more. */
static bool piece_at(const struct pieces *p, int i, struct str *title, struct str *body) {
    const char *c = p->text, *end = p->text + p->n;
    for (int k = 0; c < end; k++) {
        const char *line_end = memchr(c, '\n', (size_t)(end - c));
        if (strncmp(c, "# ", 2) != 0 || !line_end) return false;
        const char *next = strstr(line_end, "\n\n# ");
        const char *stop = next ? next + 2 : end;
        if (k == i) {
            *title = (struct str){c + 2, (size_t)(line_end - c - 2)};
            *body = (struct str){line_end + 1, (size_t)(stop - line_end - 1)};
            return true;
        }
        c = stop;
    }
    return false;
}

bool pieces_take(struct pieces *p, const char *title, struct text *code) {
    struct str name, body;
    for (int i = 0; piece_at(p, i, &name, &body); i++) {
        if (name.n < strlen(title) || memcmp(name.p, title, strlen(title)) != 0) continue;
        p->used[i] = true;
        return text_add(code, body);
    }
    return false;
}

struct str pieces_left(const struct pieces *p) {
    struct str name, body;
    for (int i = 0; p->text && piece_at(p, i, &name, &body); i++)
        if (!p->used[i]) return name;
    return (struct str){0};
}
