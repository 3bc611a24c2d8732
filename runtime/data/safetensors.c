/* safetensors: the length of a JSON header (8 bytes, little-endian), the header {name: {dtype,
 * shape, data_offsets: [begin, end]}, …}, then the numbers, end to end without holes or overlaps.
 * The rules are those of the format's own reader; anything else is refused. */
#include "read.h"
#include "json_header.h"
#include "names.h"
#include "raw.h"
#include "sink.h"
#include "base/intern.h"
#include "base/pool.h"
#include <stdlib.h>
#include <string.h>

enum { HEADER_MOST = 100000000 };

static const struct {
    const char *name;
    enum raw_type type;
} codes[] = {
    {"F64", RAW_F64}, {"F32", RAW_F32}, {"F16", RAW_F16},   {"BF16", RAW_BF16}, {"I64", RAW_I64},
    {"I32", RAW_I32}, {"I16", RAW_I16}, {"I8", RAW_I8},     {"U64", RAW_U64},   {"U32", RAW_U32},
    {"U16", RAW_U16}, {"U8", RAW_U8},   {"BOOL", RAW_BOOL},
};

/* One tensor as the header describes it. */
struct entry {
    const char *name;
    struct raw raw;
    struct shape shape;
    int64_t begin, end; /* bytes, from the end of the header */
};

struct header {
    struct json json;
    struct text word; /* scratch */
    struct entry *entries;
    size_t n, cap;
};

/* ---- the header ---- */

static bool bad_header(struct err *e, const char *why) {
    err_set(e, ERR_DATA, "The header of this safetensors file cannot be read: %s.", why);
    return err_hint(e, "Write or download the file again.");
}

static bool bad_entry(struct err *e, const char *name, const char *why) {
    return err_set(e, ERR_DATA, "The tensor \"%.200s\" of this safetensors file %s.", name, why);
}

static bool read_type(struct header *h, struct entry *entry, struct err *e) {
    if (!json_text(&h->json, &h->word)) return bad_entry(e, entry->name, "has no readable type");
    for (size_t i = 0; i < ARRAY_LEN(codes); i++) {
        if (!str_is(text_str(&h->word), codes[i].name)) continue;
        entry->raw.type = codes[i].type;
        return true;
    }
    return err_set(e, ERR_DATA,
                   "The tensor \"%.200s\" holds numbers of type %.*s, which is not known.",
                   entry->name, h->word.n < 40 ? (int)h->word.n : 40, text_str(&h->word).p);
}

static bool read_shape(struct header *h, struct entry *entry, struct err *e) {
    struct shape *s = &entry->shape;
    if (!json_take(&h->json, '[')) return bad_entry(e, entry->name, "has no readable shape");
    if (json_take(&h->json, ']')) return true;
    do {
        if (s->n == MAX_AXES) return bad_entry(e, entry->name, "has more than 8 axes");
        if (!json_whole(&h->json, &s->size[s->n++]))
            return bad_entry(e, entry->name, "has no readable shape");
    } while (json_take(&h->json, ','));
    return json_take(&h->json, ']') || bad_entry(e, entry->name, "has no readable shape");
}

static bool read_offsets(struct header *h, struct entry *entry, struct err *e) {
    struct json *j = &h->json;
    bool ok = json_take(j, '[') && json_whole(j, &entry->begin) && json_take(j, ',') &&
              json_whole(j, &entry->end) && json_take(j, ']');
    return ok || bad_entry(e, entry->name, "does not say where its numbers are");
}

/* The shape times the width must be the bytes. */
static bool check_size(const struct entry *entry, struct err *e) {
    int64_t count, bytes;
    TRY(shape_count(&entry->shape, &count, e));
    bool fits = !__builtin_mul_overflow(count, (int64_t)raw_bytes(entry->raw.type), &bytes) &&
                entry->begin <= entry->end && entry->end - entry->begin == bytes;
    if (fits) return true;
    char shape[160];
    bad_entry(e, entry->name, "has another size than its shape says");
    err_fact(e, "shape", "%s", shape_print(&entry->shape, shape, sizeof shape));
    return err_fact(e, "bytes", "%lld to %lld", (long long)entry->begin, (long long)entry->end);
}

static bool read_field(struct header *h, struct entry *entry, int *seen, struct err *e) {
    if (!json_text(&h->json, &h->word) || !json_take(&h->json, ':'))
        return bad_header(e, "it is not proper JSON");
    struct str key = text_str(&h->word);
    int bit = str_is(key, "dtype") ? 1 : str_is(key, "shape") ? 2 : 4;
    if (bit == 4 && !str_is(key, "data_offsets"))
        return bad_entry(e, entry->name, "has an entry that is not dtype, shape or data_offsets");
    if (*seen & bit) return bad_entry(e, entry->name, "has an entry twice");
    *seen |= bit;
    if (bit == 1) return read_type(h, entry, e);
    return bit == 2 ? read_shape(h, entry, e) : read_offsets(h, entry, e);
}

static bool read_entry(struct header *h, const char *name, struct err *e) {
    if (h->n == h->cap) {
        size_t cap = h->cap ? h->cap * 2 : 16;
        struct entry *p = pool_realloc(h->entries, cap * sizeof *p);
        if (!p) return err_memory(e, cap * sizeof *p);
        h->entries = p;
        h->cap = cap;
    }
    struct entry *entry = &h->entries[h->n++];
    *entry = (struct entry){.name = name};
    int seen = 0;
    if (!json_take(&h->json, '{')) return bad_header(e, "it is not proper JSON");
    do { TRY(read_field(h, entry, &seen, e)); } while (json_take(&h->json, ','));
    if (!json_take(&h->json, '}')) return bad_header(e, "it is not proper JSON");
    if (seen != 7) return bad_entry(e, name, "lacks its dtype, shape or data_offsets");
    return check_size(entry, e);
}

/* Free words about the file: texts by name. They are not kept. */
static bool skip_metadata(struct header *h, struct err *e) {
    struct json *j = &h->json;
    bool ok = json_take(j, '{');
    if (ok && json_take(j, '}')) return true;
    do {
        ok = ok && json_text(j, &h->word) && json_take(j, ':') && json_text(j, &h->word);
    } while (ok && json_take(j, ','));
    return (ok && json_take(j, '}')) || bad_header(e, "its __metadata__ are not texts by name");
}

static bool read_members(struct header *h, struct err *e) {
    if (!json_take(&h->json, '{')) return bad_header(e, "it does not begin with {");
    if (json_take(&h->json, '}')) return true;
    do {
        if (!json_text(&h->json, &h->word) || !json_take(&h->json, ':'))
            return bad_header(e, "it is not proper JSON");
        bool metadata = str_is(text_str(&h->word), "__metadata__");
        const char *name = metadata ? "" : intern(text_str(&h->word));
        if (!name) return err_memory(e, h->word.n);
        TRY(metadata ? skip_metadata(h, e) : read_entry(h, name, e));
    } while (json_take(&h->json, ','));
    return json_take(&h->json, '}') || bad_header(e, "it is not proper JSON");
}

static bool check_names(const struct header *h, struct err *e) {
    struct name_set names;
    TRY(name_set_init(&names, h->n, e));
    bool ok = true;
    for (size_t i = 0; i < h->n && ok; i++)
        ok = name_set_add(&names, h->entries[i].name) ||
             bad_entry(e, h->entries[i].name, "is there twice");
    name_set_clear(&names);
    return ok;
}

static int by_place(const void *a, const void *b) {
    const struct entry *x = a, *y = b;
    if (x->begin != y->begin) return x->begin < y->begin ? -1 : 1;
    return x->end < y->end ? -1 : x->end > y->end;
}

/* In the order of their bytes, the tensors must follow each other exactly, to the file's end. */
static bool check_places(const struct header *h, const struct source *s, struct err *e) {
    int64_t at = 0;
    if (h->n) qsort(h->entries, h->n, sizeof *h->entries, by_place);
    for (size_t i = 0; i < h->n; at = h->entries[i++].end) {
        if (h->entries[i].begin > at)
            return bad_entry(e, h->entries[i].name, "leaves a hole before its numbers");
        if (h->entries[i].begin < at)
            return bad_entry(e, h->entries[i].name, "shares bytes with another one");
    }
    TRY(source_holds(s, (uint64_t)at, "the list of tensors", e));
    if (s->packed || s->most - s->at == (uint64_t)at) return true;
    return err_set(e, ERR_DATA, "This safetensors file has %llu bytes behind its last tensor.",
                   (unsigned long long)(s->most - s->at) - (unsigned long long)at);
}

static bool read_header(struct source *s, struct header *h, struct text *bytes, struct err *e) {
    unsigned char length[8];
    uint64_t n = 0;
    TRY(source_need(s, length, 8, "the length of the header", e));
    for (int i = 8; i--;) n = n << 8 | length[i];
    if (n > HEADER_MOST) {
        err_set(e, ERR_DATA, "This is not a safetensors file: its header would have %llu bytes.",
                (unsigned long long)n);
        return err_hint(e, "A header has at most 100 MB. Files of this kind end in .safetensors.");
    }
    TRY(source_holds(s, n, "the header", e));
    bytes->p = pool_alloc(n + 1);
    if (!bytes->p) return err_memory(e, n);
    TRY(source_need(s, bytes->p, n, "the header", e));
    h->json = (struct json){bytes->p, bytes->p + n};
    TRY(read_members(h, e));
    if (json_next(&h->json) || h->json.p != h->json.end)
        return bad_header(e, "something follows its last brace");
    return check_names(h, e) && check_places(h, s, e);
}

/* ---- the tensors ---- */

static void drop(struct named_tensor *items, size_t n) {
    for (size_t i = 0; i < n; i++) tensor_unref(items[i].value);
    pool_free(items);
}

static struct named_tensor *read_tensors(struct source *s, const struct header *h, struct err *e) {
    struct named_tensor *items = pool_need(h->n * sizeof *items, e);
    for (size_t i = 0; items && i < h->n; i++) {
        const struct entry *entry = &h->entries[i];
        struct tensor *x = tensor_new(raw_dtype(entry->raw.type), &entry->shape, e);
        items[i] = (struct named_tensor){entry->name, x};
        if (!x || !raw_fill(entry->raw, s, x, e)) return drop(items, i + 1), NULL;
    }
    if (items && !source_check(s, e)) return drop(items, h->n), NULL;
    return items;
}

static bool read_items(struct source *s, struct named_tensor **items, int *n, struct err *e) {
    struct header h = {0};
    struct text bytes = {0};
    bool ok = read_header(s, &h, &bytes, e);
    *items = ok ? read_tensors(s, &h, e) : NULL;
    if (h.word.failed) err_memory(e, h.word.cap * 2);
    *n = *items ? (int)h.n : 0;
    pool_free(h.entries);
    text_clear(&h.word);
    text_clear(&bytes);
    return *items != NULL;
}

bool read_safetensors(const char *path, struct named_tensor **items, int *n, struct err *e) {
    struct source s;
    bool ok = source_open(&s, path, e) && read_items(&s, items, n, e);
    if (!ok) source_blame(&s, e);
    source_close(&s);
    return ok;
}

bool parse_safetensors(struct str bytes, struct named_tensor **items, int *n, struct err *e) {
    struct source s;
    source_of(&s, bytes);
    return read_items(&s, items, n, e);
}

/* ---- writing ---- */

static const char *const code_of[DT_COUNT] = {
    [DT_FLOAT64] = "F64", [DT_FLOAT32] = "F32", [DT_INT64] = "I64",
    [DT_INT32] = "I32",   [DT_UINT8] = "U8",    [DT_BOOL] = "BOOL",
};
static const size_t widths[] = {8, 4, 1};

static void describe(const struct named_tensor *item, size_t begin, size_t end, struct text *out) {
    const struct tensor *x = item->value;
    text_adds(out, out->n > 1 ? "," : "");
    json_write_text(out, item->name);
    text_addf(out, ":{\"dtype\":\"%s\",\"shape\":[", code_of[x->dtype]);
    for (int k = 0; k < x->shape.n; k++)
        text_addf(out, "%s%lld", k ? "," : "", (long long)x->shape.size[k]);
    text_addf(out, "],\"data_offsets\":[%zu,%zu]}", begin, end);
}

static size_t item_bytes(const struct named_tensor *item) {
    return (size_t)item->value->count * dtype_bytes(item->value->dtype);
}

/* Widest numbers first, so that all stand at multiples of their width. */
static bool write_items(const struct named_tensor *items, int n, struct sink *s,
                        struct text *header, struct err *e) {
    size_t at = 0;
    text_addc(header, '{');
    for (size_t w = 0; w < ARRAY_LEN(widths); w++) {
        for (int i = 0; i < n; i++) {
            if (dtype_bytes(items[i].value->dtype) != widths[w]) continue;
            describe(&items[i], at, at + item_bytes(&items[i]), header);
            at += item_bytes(&items[i]);
        }
    }
    text_addc(header, '}');
    while (header->n % 8 && text_addc(header, ' ')) {}
    if (header->failed) return err_memory(e, header->n);
    unsigned char length[8];
    for (int i = 0; i < 8; i++) length[i] = (unsigned char)(header->n >> 8 * i);
    TRY(sink_put(s, length, 8, e) && sink_put(s, header->p, header->n, e));
    for (size_t w = 0; w < ARRAY_LEN(widths); w++) {
        for (int i = 0; i < n; i++) {
            if (dtype_bytes(items[i].value->dtype) == widths[w])
                TRY(sink_put(s, items[i].value->data, item_bytes(&items[i]), e));
        }
    }
    return true;
}

bool write_safetensors(const struct named_tensor *items, int n, const char *path, struct err *e) {
    struct sink s = {.fd = -1};
    struct text header = {0};
    bool ok = sink_open(&s, path, e) && write_items(items, n, &s, &header, e) && sink_finish(&s, e);
    sink_drop(&s);
    text_clear(&header);
    return ok;
}
