/* XML by Expat: a path of open elements, and the text inside them. */
#include "xml.h"
#include "read.h"
#include "records.h"
#include "source.h"
#include "base/pool.h"
#include "base/stop.h"
#include <dlfcn.h>
#include <expat.h>
#include <limits.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>

#define EXPAT_FUNCTIONS(F)                                                                         \
    F(ParserCreate)                                                                                \
    F(ParserFree)                                                                                  \
    F(SetUserData)                                                                                 \
    F(SetElementHandler)                                                                           \
    F(SetCharacterDataHandler)                                                                     \
    F(SetEntityDeclHandler)                                                                        \
    F(Parse)                                                                                       \
    F(StopParser)                                                                                  \
    F(GetErrorCode)                                                                                \
    F(ErrorString)                                                                                 \
    F(GetCurrentLineNumber)

static struct {
#define F(name) __typeof__(&XML_##name) name;
    EXPAT_FUNCTIONS(F)
#undef F
} api;
static bool loaded;

static void load(void) {
    void *library = dlopen("libexpat.so.1", RTLD_NOW | RTLD_LOCAL);
    loaded = library != NULL;
#define F(name)                                                                                    \
    if (library) {                                                                                 \
        void *symbol = dlsym(library, "XML_" #name);                                               \
        memcpy(&api.name, &symbol, sizeof symbol);                                                 \
        loaded = loaded && symbol;                                                                 \
    }
    EXPAT_FUNCTIONS(F)
#undef F
}

static bool need_expat(struct err *e) {
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, load);
    if (loaded) return true;
    err_set(e, ERR_FILE, "XML needs the library libexpat, which is not installed.");
    return err_hint(e, "    sudo apt-get install libexpat1");
}

enum { MOST_DEPTH = 64, PATH_MOST = 500 };

struct walk {
    XML_Parser parser;
    const char *row;
    struct records *records;
    int depth, row_depth;       /* of open elements; of the row element, 0 outside */
    char path[PATH_MOST];       /* below the row: "author.name" */
    size_t lengths[MOST_DEPTH]; /* of the path at each depth below the row */
    struct text text;           /* of the innermost element */
    bool has_children;
    struct err *e;
};

static const char *local(const char *name) {
    const char *colon = strrchr(name, ':');
    return colon ? colon + 1 : name;
}

static void stop(struct walk *w) {
    api.StopParser(w->parser, XML_FALSE);
}

static struct str trimmed(struct str s) {
    while (s.n && strchr(" \t\r\n", s.p[0])) s.p++, s.n--;
    while (s.n && strchr(" \t\r\n", s.p[s.n - 1])) s.n--;
    return s;
}

/* One field; blanks and line ends in a row are one blank. */
static bool put(struct walk *w, const char *name, struct str s) {
    struct text out = {0};
    s = trimmed(s);
    for (size_t i = 0; i < s.n; i++) {
        bool blank = strchr(" \t\r\n", s.p[i]) != NULL;
        if (!blank) text_addc(&out, s.p[i]);
        else if (out.n && out.p[out.n - 1] != ' ') text_addc(&out, ' ');
    }
    bool ok = out.n == 0 || records_text(w->records, name, text_str(&out), w->e);
    text_clear(&out);
    return ok;
}

static bool put_attributes(struct walk *w, const char **attributes) {
    char name[PATH_MOST + 200];
    for (int i = 0; attributes[i]; i += 2) {
        if (strncmp(attributes[i], "xmlns", 5) == 0) continue;
        snprintf(name, sizeof name, "%s%s%.150s", w->path, *w->path ? "." : "",
                 local(attributes[i]));
        TRY(put(w, name, str_of(attributes[i + 1])));
    }
    return true;
}

static bool begins_row(const struct walk *w, const char *name) {
    if (w->row_depth) return false;
    return w->row ? strcmp(local(name), w->row) == 0 : w->depth == 2;
}

static void XMLCALL on_start(void *user, const char *name, const char **attributes) {
    struct walk *w = user;
    w->depth++;
    w->text.n = 0;
    w->has_children = false;
    int below = w->row_depth ? w->depth - w->row_depth : 0;
    if (begins_row(w, name)) {
        records_row(w->records);
        w->row_depth = w->depth;
        w->path[0] = 0;
        w->lengths[0] = 0;
    } else if (below > 0 && below < MOST_DEPTH) {
        size_t n = w->lengths[below - 1];
        int more = snprintf(w->path + n, sizeof w->path - n, "%s%s", n ? "." : "", local(name));
        w->lengths[below] = n + (size_t)more < sizeof w->path ? n + (size_t)more : n;
        w->path[w->lengths[below]] = 0;
    }
    if (w->depth > 10000 || (w->row_depth && !put_attributes(w, attributes))) stop(w);
}

static void XMLCALL on_end(void *user, const char *name) {
    struct walk *w = user;
    int below = w->row_depth ? w->depth - w->row_depth : -1;
    (void)name;
    bool leaf = !w->has_children && below > 0 && below < MOST_DEPTH;
    if (leaf && !put(w, w->path, text_str(&w->text))) stop(w);
    if (below > 0 && below < MOST_DEPTH) w->path[w->lengths[below - 1]] = 0;
    if (below == 0) w->row_depth = 0;
    w->has_children = true;
    w->text.n = 0;
    w->depth--;
}

static void XMLCALL on_text(void *user, const char *s, int n) {
    struct walk *w = user;
    if (w->row_depth && w->depth > w->row_depth) text_add(&w->text, (struct str){s, (size_t)n});
}

/* Entities of the document's own could stand for endless texts. */
static void XMLCALL on_entity(void *user, const char *name, int is_parameter, const char *value,
                              int n, const char *base, const char *system, const char *public_id,
                              const char *notation) {
    struct walk *w = user;
    (void)name, (void)is_parameter, (void)value, (void)n, (void)base, (void)system;
    (void)public_id, (void)notation;
    err_set(w->e, ERR_DATA, "The XML file declares entities of its own, which are not read.");
    stop(w);
}

static bool no_rows(const struct walk *w) {
    err_set(w->e, ERR_DATA, "There is no element <%.100s> in the XML file.", w->row ? w->row : "…");
    return err_hint(w->e, "row= is the name of the element that is one row, without name space.");
}

static bool run(struct walk *w, struct str bytes) {
    enum { PIECE = 1 << 20 };
    for (size_t at = 0, n; at <= bytes.n; at += n) {
        n = bytes.n - at < PIECE ? bytes.n - at : PIECE;
        bool last = at + n == bytes.n;
        if (stop_asked()) return err_set(w->e, ERR_INTERRUPT, "Stopped while reading a file.");
        if (api.Parse(w->parser, bytes.p + at, (int)n, last) != XML_STATUS_OK) {
            if (w->e->kind) return false;
            err_set(w->e, ERR_DATA, "The XML file is damaged in line %lu: %s.",
                    (unsigned long)api.GetCurrentLineNumber(w->parser),
                    api.ErrorString(api.GetErrorCode(w->parser)));
            return false;
        }
        if (last) break;
    }
    return records_count(w->records) > 0 || no_rows(w);
}

struct table *parse_xml(struct str bytes, const char *row, struct err *e) {
    if (!need_expat(e)) return NULL;
    struct walk *w = pool_need(sizeof *w, e);
    if (!w) return NULL;
    w->row = row;
    w->e = e;
    w->records = records_new(e);
    w->parser = w->records ? api.ParserCreate(NULL) : NULL;
    struct table *t = NULL;
    if (w->parser) {
        api.SetUserData(w->parser, w);
        api.SetElementHandler(w->parser, on_start, on_end);
        api.SetCharacterDataHandler(w->parser, on_text);
        api.SetEntityDeclHandler(w->parser, on_entity);
        if (run(w, bytes)) t = records_table(w->records, true, e);
        api.ParserFree(w->parser);
    }
    records_free(w->records);
    text_clear(&w->text);
    pool_free(w);
    return t;
}

struct table *read_xml(const char *path, const char *row, struct err *e) {
    struct text bytes = {0};
    if (!read_file(path, &bytes, e)) return NULL;
    struct table *t = parse_xml(text_str(&bytes), row, e);
    if (!t && e->kind == ERR_DATA) err_fact(e, "file", "%.400s", path);
    text_clear(&bytes);
    return t;
}
