/* Writes every sample picture as NAME.svg into the folder given; the checks of the files (XML, PNG)
 * are made by check_pictures.py, and people can look at them. */
#include "display/picture.h"
#include "samples.h"
#include <stdio.h>

int main(int argc, char **argv) {
    if (argc != 2) return 2;
    struct sample s;
    for (int i = 0; sample_make(i, &s); i++) {
        struct text svg = {0};
        struct err e = {0};
        int w, h;
        char path[512];
        bool ok =
            s.plot ? plot_svg(s.plot, &svg, &w, &h, &e) : figure_svg(s.figure, &svg, &w, &h, &e);
        snprintf(path, sizeof path, "%s/%s.svg", argv[1], s.name);
        FILE *f = ok ? fopen(path, "wb") : NULL;
        if (!f) return 1;
        fwrite(svg.p, 1, svg.n, f);
        fclose(f);
        printf("%s %dx%d %zu bytes\n", s.name, w, h, svg.n);
        text_clear(&svg);
        sample_clear(&s);
    }
    return 0;
}
