/* Writes docs/reference.md from the tables that the checker reads, or says whether the page is up
 * to date:  make_reference PAGE  compares,  AWML_UPDATE=1 make_reference PAGE  writes. */
#include "lang/eval/builtin.h"
#include "lang/engine_parts.h"
#include "lang/eval/settings.h"
#include "base/pool.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void add_builtin(const struct builtin *b, struct text *out) {
    struct text signature = {0};
    const struct signature *s = signature_of(b->name, b->signature);
    signature_print(s, &signature);
    text_addf(out, "### %s\n\n```awml\n%s\n```\n\n%s", b->name, signature.p, b->help);
    signature_print_choices(s, out);
    text_addc(out, '\n');
    if (b->config && b->config->aliases[0])
        text_addf(out, "\nAlso understood: %s.\n", b->config->aliases);
    if (b->example[0]) text_addf(out, "\n```awml\n%s\n```\n", b->example);
    text_addc(out, '\n');
    text_clear(&signature);
}

/* Rows come in groups; a group's rows stand together, in the order of their first row. */
static void add_builtins(struct text *out) {
    for (int i = 0; i < builtin_count(); i++) {
        const char *group = builtin_at(i)->group;
        bool seen = false;
        for (int k = 0; k < i && !seen; k++) seen = strcmp(builtin_at(k)->group, group) == 0;
        if (seen) continue;
        text_addf(out, "## %s\n\n", group);
        for (int k = i; k < builtin_count(); k++) {
            if (strcmp(builtin_at(k)->group, group) == 0) add_builtin(builtin_at(k), out);
        }
    }
}

static void add_activations(struct text *out) {
    text_adds(out, "## Activations\n\nBy name in a layer (`Dense(8, relu)`):\n\n");
    for (int i = 0; i < ACTIVATION_N_KINDS; i++)
        text_addf(out, "- `%s`: %s\n", activation_name(i), activation_help(i));
    text_addc(out, '\n');
}

static void add_settings(const struct setting_table *t, struct text *out) {
    text_addf(out, "## Settings of `%s`\n\n| setting | default | |\n|---|---|---|\n", t->block);
    for (int i = 0; i < t->n; i++) {
        const struct setting_row *r = &t->rows[i];
        text_addf(out, "| `%s` | %s | %s |\n", r->name, r->fallback, r->help);
    }
    text_addc(out, '\n');
}

static void add_magics(struct text *out) {
    text_adds(out, "## Lines that speak to the notebook\n\n");
    for (int i = 0; i < magic_n_rows; i++) text_addf(out, "- `%s`\n", magic_rows[i].help);
}

static void make_page(struct text *out) {
    text_adds(out,
              "# Reference\n\nEvery function, layer, loss, optimizer and setting. This page is "
              "made from the tables that the checker, completion and `name?` read "
              "(`tests/lang/make_reference.c`); every example runs in the tests.\n\n");
    add_builtins(out);
    add_activations(out);
    add_settings(&train_settings, out);
    add_settings(&search_settings, out);
    add_settings(&plot_settings, out);
    add_magics(out);
}

static bool read_page(const char *path, struct text *out) {
    char block[4096];
    size_t n;
    FILE *f = fopen(path, "r");
    if (!f) return false;
    while ((n = fread(block, 1, sizeof block, f)) > 0) text_add(out, (struct str){block, n});
    fclose(f);
    return true;
}

static bool write_page(const char *path, const struct text *page) {
    FILE *f = fopen(path, "w");
    if (!f) return false;
    bool ok = fwrite(page->p, 1, page->n, f) == page->n;
    return fclose(f) == 0 && ok;
}

int main(int argc, char **argv) {
    struct text page = {0}, found = {0};
    const char *path = argc > 1 ? argv[1] : "docs/reference.md";
    make_page(&page);
    bool ok;
    if (getenv("AWML_UPDATE")) {
        ok = write_page(path, &page);
    } else {
        ok = read_page(path, &found) && str_same(text_str(&page), text_str(&found));
        if (!ok) fprintf(stderr, "%s is out of date: AWML_UPDATE=1 %s %s\n", path, argv[0], path);
    }
    printf("%d passed, %d failed\n", ok, !ok);
    text_clear(&page);
    text_clear(&found);
    return !ok;
}
