/* Lists of pictures on disk and in archives. */
#include "images.h"
#include "read.h"
#include "source.h"
#include "zip.h"
#include "base/pool.h"
#include "base/stop.h"
#include <dirent.h>
#include <limits.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* The files, shared by lists that differ in size only. */
struct shelf {
    _Atomic int32_t refs;
    char *folder;    /* with "/" at its end, or NULL */
    struct zip *zip; /* or NULL */
    int64_t n, cap;
    char **names;     /* below the folder or in the archive */
    int64_t *members; /* of the archive */
};

struct images {
    _Atomic int32_t refs;
    struct shelf *shelf;
    int64_t height, width; /* 0: as the files are */
    enum resize_method method;
    int channels;
    struct shape first; /* of the first picture */
};

static void shelf_unref(struct shelf *s) {
    if (!s || atomic_fetch_sub(&s->refs, 1) != 1) return;
    for (int64_t i = 0; i < s->n; i++) pool_free(s->names[i]);
    pool_free(s->names);
    pool_free(s->members);
    pool_free(s->folder);
    zip_unref(s->zip);
    pool_free(s);
}

static bool is_picture(struct str name) {
    static const char *const endings[] = {".jpg", ".jpeg", ".png", ".JPG", ".JPEG", ".PNG"};
    for (size_t i = 0; i < ARRAY_LEN(endings); i++)
        if (str_ends(name, endings[i])) return true;
    return false;
}

static char *copy_text(struct str s, struct err *e) {
    char *copy = pool_need(s.n + 1, e);
    if (copy) memcpy(copy, s.p, s.n);
    return copy;
}

static bool shelf_room(struct shelf *s, struct err *e) {
    if (s->n < s->cap) return true;
    int64_t cap = s->cap ? s->cap * 2 : 256;
    char **names = pool_realloc(s->names, (size_t)cap * sizeof *names);
    if (names) s->names = names;
    int64_t *members = names ? pool_realloc(s->members, (size_t)cap * sizeof *members) : NULL;
    if (!members) return err_memory(e, (size_t)cap * sizeof *names);
    s->members = members;
    s->cap = cap;
    return true;
}

static bool shelf_add(struct shelf *s, struct str name, int64_t member, struct err *e) {
    TRY(shelf_room(s, e));
    TRY(s->names[s->n] = copy_text(name, e));
    s->members[s->n++] = member;
    return true;
}

/* ---- finding ---- */

enum { MOST_DEPTH = 8 };

/* All pictures below folder/below, without following more than a few levels. */
static bool walk(struct shelf *s, const char *below, int depth, struct err *e) {
    char path[PATH_MAX], name[PATH_MAX];
    snprintf(path, sizeof path, "%s%s", s->folder, below);
    DIR *dir = opendir(path);
    bool ok = true;
    for (struct dirent *d; ok && dir && (d = readdir(dir));) {
        if (d->d_name[0] == '.') continue;
        if (snprintf(name, sizeof name, "%s%s", below, d->d_name) >= (int)sizeof name - 1) continue;
        struct stat st = {0};
        bool folder = d->d_type == DT_DIR;
        if (d->d_type == DT_UNKNOWN || d->d_type == DT_LNK) {
            if (snprintf(path, sizeof path, "%s%s", s->folder, name) >= (int)sizeof path) continue;
            folder = stat(path, &st) == 0 && S_ISDIR(st.st_mode);
        }
        if (folder) {
            size_t n = strlen(name);
            name[n] = '/';
            name[n + 1] = 0;
            if (depth < MOST_DEPTH) ok = walk(s, name, depth + 1, e);
        } else if (is_picture(str_of(name))) {
            ok = shelf_add(s, str_of(name), -1, e);
        }
        if (ok && stop_asked()) ok = err_set(e, ERR_INTERRUPT, "Stopped while listing a folder.");
    }
    if (dir) closedir(dir);
    return ok;
}

/* 2.jpg before 10.jpg: runs of digits compare as numbers. */
static int natural(const char *a, const char *b) {
    while (*a && *b) {
        bool digits = *a >= '0' && *a <= '9' && *b >= '0' && *b <= '9';
        if (!digits && *a != *b) return (unsigned char)*a < (unsigned char)*b ? -1 : 1;
        if (!digits) {
            a++, b++;
            continue;
        }
        while (*a == '0') a++;
        while (*b == '0') b++;
        size_t na = strspn(a, "0123456789"), nb = strspn(b, "0123456789");
        int order = na != nb ? (na < nb ? -1 : 1) : memcmp(a, b, na);
        if (order) return order;
        a += na, b += nb;
    }
    return (*a != 0) - (*b != 0);
}

struct place {
    char *name;
    int64_t member;
};

static int by_place(const void *a, const void *b) {
    const struct place *x = a, *y = b;
    int order = natural(x->name, y->name);
    return order ? order : strcmp(x->name, y->name);
}

static bool sort_shelf(struct shelf *s, struct err *e) {
    struct place *places = pool_need((size_t)s->n * sizeof *places + 1, e);
    if (!places) return false;
    for (int64_t i = 0; i < s->n; i++) places[i] = (struct place){s->names[i], s->members[i]};
    qsort(places, (size_t)s->n, sizeof *places, by_place);
    for (int64_t i = 0; i < s->n; i++)
        s->names[i] = places[i].name, s->members[i] = places[i].member;
    pool_free(places);
    return true;
}

static bool list_zip(struct shelf *s, struct err *e) {
    for (int64_t i = 0; i < zip_count(s->zip); i++) {
        const struct zip_member *m = zip_at(s->zip, i);
        if (zip_is_file(m) && is_picture(m->name)) TRY(shelf_add(s, m->name, i, e));
    }
    return true;
}

/* Where the pictures are: a folder, or else an archive. */
static struct shelf *shelf_open(const char *path, struct err *e) {
    struct shelf *s = pool_need(sizeof *s, e);
    char whole[PATH_MAX];
    struct stat st;
    if (!s) return NULL;
    s->refs = 1;
    source_path(path, whole, sizeof whole - 1);
    bool ok = true;
    if (stat(whole, &st) == 0 && S_ISDIR(st.st_mode)) {
        size_t n = strlen(whole);
        if (n && whole[n - 1] != '/') whole[n++] = '/';
        ok = (s->folder = copy_text((struct str){whole, n}, e)) != NULL;
    } else if (is_picture(str_of(path))) {
        err_set(e, ERR_FILE, "\"%.400s\" is one picture, not a folder of them.", path);
        ok = err_hint(e, "    read_image(\"%.400s\")", path);
    } else {
        ok = (s->zip = zip_open(path, e)) != NULL;
    }
    if (ok) return s;
    shelf_unref(s);
    return NULL;
}

/* ---- lists ---- */

static bool look_at_first(struct images *x);

static struct images *images_of(struct shelf *take, struct err *e) {
    struct images *x = take ? pool_need(sizeof *x, e) : NULL;
    if (!x) return shelf_unref(take), NULL;
    *x = (struct images){.refs = 1, .shelf = take, .channels = 3, .method = RESIZE_BILINEAR};
    look_at_first(x);
    image_axis(0);
    return x;
}

struct images *images_open(const char *path, struct err *e) {
    struct shelf *s = shelf_open(path, e);
    if (!s) return NULL;
    bool ok = (s->zip ? list_zip(s, e) : walk(s, "", 0, e)) && sort_shelf(s, e);
    if (ok && s->n == 0) {
        err_set(e, ERR_FILE, "There are no pictures in \"%.400s\".", path);
        ok = err_hint(e, "Files that end in .jpg, .jpeg or .png are looked for, also in the "
                         "folders below.");
    }
    if (ok) return images_of(s, e);
    shelf_unref(s);
    return NULL;
}

static bool named_there(struct shelf *s, struct str name, int64_t *member, struct err *e) {
    char path[PATH_MAX];
    struct stat st;
    *member = s->zip ? zip_find(s->zip, name) : -1;
    if (*member >= 0) return true;
    int n = s->zip ? 0 : snprintf(path, sizeof path, "%s%.*s", s->folder, (int)name.n, name.p);
    if (n > 0 && n < (int)sizeof path && stat(path, &st) == 0) return true;
    err_set(e, ERR_FILE, "There is no picture \"%.*s\" in \"%.300s\".", (int)name.n, name.p,
            s->folder ? s->folder : "the archive");
    return err_hint(e, "The names are those of the files, with their endings.");
}

struct images *images_named(const char *path, const char *const *names, int64_t n, struct err *e) {
    struct shelf *s = shelf_open(path, e);
    bool ok = s != NULL;
    for (int64_t i = 0; ok && i < n; i++) {
        int64_t member = -1;
        struct str name = str_of(names[i] ? names[i] : "");
        ok = named_there(s, name, &member, e) && shelf_add(s, name, member, e);
    }
    if (ok) return images_of(s, e);
    shelf_unref(s);
    return NULL;
}

struct images *images_ref(struct images *x) {
    if (x) atomic_fetch_add(&x->refs, 1);
    return x;
}

void images_unref(struct images *x) {
    if (!x || atomic_fetch_sub(&x->refs, 1) != 1) return;
    shelf_unref(x->shelf);
    pool_free(x);
}

struct images *images_change(const struct images *x, int64_t height, int64_t width,
                             enum resize_method method, int channels, struct err *e) {
    struct images *out = pool_need(sizeof *out, e);
    if (!out) return NULL;
    *out = (struct images){.refs = 1,
                           .shelf = x->shelf,
                           .height = height ? height : x->height,
                           .width = width ? width : x->width,
                           .method = height ? method : x->method,
                           .channels = channels ? channels : x->channels,
                           .first = x->first};
    atomic_fetch_add(&x->shelf->refs, 1);
    return out;
}

int64_t images_count(const struct images *x) {
    return x->shelf->n;
}

const char *images_name(const struct images *x, int64_t i) {
    return x->shelf->names[i];
}

/* ---- reading ---- */

static bool load_file(const struct shelf *s, int64_t i, struct text *out, struct err *e) {
    char path[PATH_MAX];
    if (s->zip) return zip_read(s->zip, s->members[i], out, e);
    snprintf(path, sizeof path, "%s%s", s->folder, s->names[i]);
    return read_file(path, out, e);
}

static bool look_at_first(struct images *x) {
    struct err e = {0};
    struct text bytes = {0};
    struct image_info info;
    bool ok = x->shelf->n > 0 && load_file(x->shelf, 0, &bytes, &e) &&
              image_info(text_str(&bytes), &info, &e);
    if (ok) x->first = shape_of(3, (int64_t[]){info.height, info.width, x->channels});
    text_clear(&bytes);
    return ok;
}

struct shape images_shape(const struct images *x) {
    struct shape s = shape_of(3, (int64_t[]){x->height, x->width, x->channels});
    if (!x->height) s.size[0] = x->first.size[0], s.size[1] = x->first.size[1];
    for (int i = 0; i < 3; i++) s.axis[i] = image_axis(i);
    return s;
}

static bool wrong_size(const struct images *x, int64_t i, const struct tensor *t, struct err *e) {
    err_set(e, ERR_SHAPE, "The pictures are not all of one size.");
    err_fact(e, images_name(x, 0), "%lld x %lld", (long long)x->first.size[0],
             (long long)x->first.size[1]);
    err_fact(e, images_name(x, i), "%lld x %lld", (long long)t->shape.size[0],
             (long long)t->shape.size[1]);
    return err_hint(e, "Bring them to one size: photos.resize(%lldx%lld)",
                    (long long)x->first.size[0], (long long)x->first.size[1]);
}

/* To the list's size. Takes the reference. */
static struct tensor *fitted(const struct images *x, struct tensor *t, struct err *e) {
    bool fits = t->shape.size[0] == x->height && t->shape.size[1] == x->width;
    if (!x->height || fits) return t;
    struct shape s = t->shape;
    s.size[0] = x->height;
    s.size[1] = x->width;
    struct resize_job job = {t->shape.size[0], t->shape.size[1],      x->height,
                             x->width,         (int)t->shape.size[2], x->method};
    struct tensor *to = tensor_new(DT_UINT8, &s, e);
    if (to) to->is_image = true;
    if (to && !resize_bytes(&job, t->data, to->data, e)) tensor_unref(to), to = NULL;
    tensor_unref(t);
    return to;
}

struct tensor *images_read(const struct images *x, int64_t i, bool whole, struct err *e) {
    struct text bytes = {0};
    struct image_wish wish = {x->channels, x->height, x->width};
    struct tensor *t = NULL;
    if (load_file(x->shelf, i, &bytes, e)) t = image_decode(text_str(&bytes), &wish, e);
    text_clear(&bytes);
    if (!t && e->kind == ERR_DATA) err_fact(e, "picture", "%.300s", images_name(x, i));
    if (t) t = fitted(x, t, e);
    struct shape s = images_shape(x);
    if (!t || !whole || shape_same_sizes(&t->shape, &s)) return t;
    wrong_size(x, i, t, e);
    tensor_unref(t);
    return NULL;
}

/* ---- as rows of a tensor ---- */

struct picture_rows {
    struct row_source source; /* first: what the tensor knows of it */
    struct images *images;
    int64_t positions[];
};

static bool read_row(const struct row_source *source, int64_t row, void *out, struct err *e) {
    const struct picture_rows *r = (const struct picture_rows *)source;
    int64_t at = r->positions[row];
    if (at < 0) return err_set(e, ERR_VALUE, "Row %lld has no picture.", (long long)row);
    struct tensor *t = images_read(r->images, at, true, e);
    if (!t) return false;
    memcpy(out, t->data, (size_t)t->count);
    tensor_unref(t);
    return true;
}

static void free_rows(struct row_source *source) {
    struct picture_rows *r = (struct picture_rows *)source;
    images_unref(r->images);
    pool_free(r);
}

struct tensor *images_tensor(struct images *x, const double *positions, int64_t n, struct err *e) {
    struct shape one = images_shape(x);
    struct shape s = shape_of(4, (int64_t[]){n, one.size[0], one.size[1], one.size[2]});
    for (int i = 0; i < 3; i++) s.axis[i + 1] = one.axis[i];
    struct picture_rows *r = pool_need(sizeof *r + (size_t)n * sizeof r->positions[0], e);
    if (!r) return NULL;
    *r = (struct picture_rows){.source = {read_row, free_rows}, .images = images_ref(x)};
    for (int64_t i = 0; i < n; i++) {
        bool there = positions[i] >= 0 && positions[i] < (double)images_count(x);
        r->positions[i] = there ? (int64_t)positions[i] : -1;
    }
    struct tensor *t = tensor_from_rows(DT_UINT8, &s, &r->source, e);
    if (t) t->is_image = true;
    return t;
}
