/* Notebook files: reading, repairing to format 4.5, writing. */
#include "session/notebook.h"
#include "session/language_info.h"
#include "session/json_text.h"
#include "data/read.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static json_t *new_cell(struct str source, int number) {
    char id[32];
    snprintf(id, sizeof id, "cell-%d", number);
    json_t *cell = json_pack("{s:s,s:s,s:{},s:[],s:n}", "cell_type", "code", "id", id, "metadata",
                             "outputs", "execution_count");
    json_object_set_new(cell, "source", json_of(source));
    return cell;
}

/* Is this line `# cell`, alone or followed by a title? */
static bool is_cut(struct str line) {
    if (!str_starts(line, "# cell")) return false;
    return line.n == 6 || line.p[6] == ' ' || line.p[6] == ':' || line.p[6] == '\r';
}

static bool is_only_blank(struct str s) {
    for (size_t i = 0; i < s.n; i++) {
        if (!strchr(" \t\r\n", s.p[i])) return false;
    }
    return true;
}

static json_t *cells_of_program(struct str text) {
    json_t *cells = json_array();
    size_t start = 0, at = 0;
    while (at <= text.n) {
        const char *end = at < text.n ? memchr(text.p + at, '\n', text.n - at) : NULL;
        size_t next = end ? (size_t)(end - text.p) + 1 : text.n;
        struct str line = {text.p + at, next - at - (end ? 1 : 0)};
        bool is_last = at == text.n;
        if (is_last || (is_cut(line) && at > start)) {
            struct str part = {text.p + start, at - start};
            if (!is_only_blank(part)) {
                json_array_append_new(cells, new_cell(part, (int)json_array_size(cells) + 1));
                start = at; /* blank lines at the top belong to the first cell */
            }
        }
        if (is_last) break;
        at = next;
    }
    return cells;
}

static json_t *notebook_of_program(struct str text) {
    return json_pack("{s:i,s:i,s:{},s:o}", "nbformat", 4, "nbformat_minor", 5, "metadata", "cells",
                     cells_of_program(text));
}

static bool id_is_taken(const json_t *cells, const char *id, size_t before) {
    for (size_t i = 0; i < before; i++) {
        const char *other = notebook_cell_id(json_array_get(cells, i));
        if (other && strcmp(other, id) == 0) return true;
    }
    return false;
}

/* Older notebooks have no cell ids, and format 4.5 requires them. */
static void ensure_id(json_t *cells, size_t i) {
    json_t *cell = json_array_get(cells, i);
    const char *id = notebook_cell_id(cell);
    char fresh[32];
    if (id && *id && !id_is_taken(cells, id, i)) return;
    for (size_t n = i;; n++) {
        snprintf(fresh, sizeof fresh, "cell-%zu", n);
        if (!id_is_taken(cells, fresh, json_array_size(cells))) break;
    }
    json_object_set_new(cell, "id", json_string(fresh));
}

/* A text, or a list of texts; a missing one becomes empty. */
static bool has_source(json_t *cell) {
    json_t *source = json_object_get(cell, "source"), *line;
    size_t i;
    if (!source) return json_object_set_new(cell, "source", json_string("")) == 0;
    if (json_is_string(source)) return true;
    json_array_foreach(source, i, line) {
        if (!json_is_string(line)) return false;
    }
    return json_is_array(source);
}

static bool is_format_4(const json_t *notebook, const char *path, struct err *e) {
    json_t *format = json_object_get(notebook, "nbformat");
    json_int_t version = json_integer_value(format);
    if (version == 4 && json_is_array(json_object_get(notebook, "cells"))) return true;
    if (!version || version == 4) {
        return err_set(e, ERR_DATA, "%s is not a notebook of format 4", path);
    }
    err_set(e, ERR_DATA, "%s is a notebook of format %d, and format 4 is read here", path,
            (int)version);
    if (version > 4) return false;
    return err_hint(e, "Open it in Jupyter once and save it, or: jupyter nbconvert --to notebook "
                       "--inplace FILE");
}

static bool repair(json_t *notebook, const char *path, struct err *e) {
    json_t *cells = json_object_get(notebook, "cells"), *cell;
    size_t i;
    TRY(is_format_4(notebook, path, e));
    if (json_integer_value(json_object_get(notebook, "nbformat_minor")) < 5) {
        json_object_set_new(notebook, "nbformat_minor", json_integer(5));
    }
    if (!json_is_object(json_object_get(notebook, "metadata"))) {
        json_object_set_new(notebook, "metadata", json_object());
    }
    json_array_foreach(cells, i, cell) {
        if (!json_is_object(cell) || !has_source(cell)) {
            return err_set(e, ERR_DATA, "cell %zu of %s is damaged", i + 1, path);
        }
        ensure_id(cells, i);
        if (!json_is_object(json_object_get(cell, "metadata"))) {
            json_object_set_new(cell, "metadata", json_object());
        }
    }
    return true;
}

static bool is_utf8(struct str text, const char *path, struct err *e) {
    size_t good = utf8_valid(text);
    int line = 1;
    if (good == text.n) return true;
    for (size_t i = 0; i < good; i++) line += text.p[i] == '\n';
    err_set(e, ERR_DATA, "%s is not UTF-8 text: line %d has the byte 0x%02x", path, line,
            (unsigned)(unsigned char)text.p[good]);
    return err_hint(e, "Save it as UTF-8 in your editor.");
}

json_t *notebook_load(const char *path, struct err *e) {
    struct text text = {0};
    bool repaired;
    if (!read_file(path, &text, e)) {
        text_clear(&text);
        return NULL;
    }
    if (!str_ends(str_of(path), ".ipynb")) {
        json_t *program =
            is_utf8(text_str(&text), path, e) ? notebook_of_program(text_str(&text)) : NULL;
        text_clear(&text);
        return program;
    }
    json_t *notebook = json_read(text_str(&text), &repaired);
    text_clear(&text);
    if (json_is_object(notebook) && repair(notebook, path, e)) return notebook;
    if (!e->kind) err_set(e, ERR_DATA, "%s is not a notebook: it does not hold JSON", path);
    json_decref(notebook);
    return NULL;
}

static int write_piece(const char *bytes, size_t n, void *user) {
    return text_add(user, (struct str){bytes, n}) ? 0 : -1;
}

static void set_language(json_t *notebook) {
    json_t *metadata = json_object_get(notebook, "metadata");
    json_object_set_new(
        metadata, "kernelspec",
        json_pack("{s:s,s:s,s:s}", "name", "awml-c", "display_name", "awml-c", "language", "awml"));
    json_object_set_new(metadata, "language_info", language_info());
}

bool notebook_save(json_t *notebook, const char *path, struct err *e) {
    struct text text = {0}, beside = {0};
    set_language(notebook);
    json_dump_callback(notebook, write_piece, &text, JSON_INDENT(1) | JSON_SORT_KEYS);
    text_addc(&text, '\n');
    text_addf(&beside, "%s.%d.part", path, (int)getpid());
    bool ok = !text.failed && !beside.failed;
    int fd = ok ? open(beside.p, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666) : -1;
    ok = fd >= 0 && write(fd, text.p, text.n) == (ssize_t)text.n;
    if (fd >= 0 && close(fd) != 0) ok = false;
    ok = ok && rename(beside.p, path) == 0;
    if (!ok) err_set(e, ERR_FILE, "cannot write %s: %s", path, strerror(errno));
    if (!ok && fd >= 0) unlink(beside.p);
    text_clear(&text);
    text_clear(&beside);
    return ok;
}

json_t *notebook_cells(json_t *notebook) {
    return json_object_get(notebook, "cells");
}

bool notebook_is_code(const json_t *cell) {
    const char *type = json_string_value(json_object_get(cell, "cell_type"));
    return type && strcmp(type, "code") == 0;
}

bool notebook_may_fail(const json_t *cell) {
    json_t *tags = json_object_get(json_object_get(cell, "metadata"), "tags"), *tag;
    size_t i;
    json_array_foreach(tags, i, tag) {
        const char *name = json_string_value(tag);
        if (name && strcmp(name, "raises-exception") == 0) return true;
    }
    return false;
}

const char *notebook_cell_id(const json_t *cell) {
    return json_string_value(json_object_get(cell, "id"));
}

bool notebook_source(const json_t *cell, struct text *out) {
    json_t *source = json_object_get(cell, "source"), *line;
    size_t i;
    if (json_is_string(source)) {
        return text_add(out, (struct str){json_string_value(source), json_string_length(source)});
    }
    json_array_foreach(source, i, line) {
        if (json_is_string(line)) {
            text_add(out, (struct str){json_string_value(line), json_string_length(line)});
        }
    }
    return !out->failed;
}
