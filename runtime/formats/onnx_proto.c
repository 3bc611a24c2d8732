/* ONNX's messages to and from files, by protobuf-c. */
#include "onnx_proto.h"
#include "base/pool.h"
#include "data/sink.h"

enum { MOST_BYTES = INT32_MAX };

/* A buffer of protobuf-c that is a file. */
struct file_buffer {
    ProtobufCBuffer base; /* first: protobuf-c hands it back */
    struct sink sink;
    struct err *e;
    bool ok;
};

static void append(ProtobufCBuffer *buffer, size_t n, const uint8_t *bytes) {
    struct file_buffer *f = (struct file_buffer *)buffer;
    f->ok = f->ok && sink_put(&f->sink, bytes, n, f->e);
}

bool onnx_write_file(const Onnx__ModelProto *m, const char *path, struct err *e) {
    size_t n = onnx__model_proto__get_packed_size(m);
    if (n > MOST_BYTES)
        return err_set(e, ERR_MEMORY, "An ONNX file holds at most 2 GB, and this would be %.1f.",
                       (double)n / 1e9);
    struct file_buffer f = {.base.append = append, .sink.fd = -1, .e = e};
    f.ok = sink_open(&f.sink, path, e);
    if (f.ok) onnx__model_proto__pack_to_buffer(m, &f.base);
    bool ok = f.ok && sink_finish(&f.sink, e);
    sink_drop(&f.sink);
    return ok;
}

/* ---- reading ---- */

static void *from_pool(void *user, size_t n) {
    (void)user;
    return pool_alloc(n);
}

static void to_pool(void *user, void *p) {
    (void)user;
    pool_free(p);
}

static ProtobufCAllocator allocator = {.alloc = from_pool, .free = to_pool};

/* A variable-length number; false at the end of the bytes. */
static bool varint(const uint8_t **p, const uint8_t *end, uint64_t *out) {
    *out = 0;
    for (int shift = 0; shift < 64 && *p < end; shift += 7) {
        uint8_t byte = *(*p)++;
        *out |= (uint64_t)(byte & 0x7f) << shift;
        if (!(byte & 0x80)) return true;
    }
    return false;
}

/* protobuf-c reads messages inside messages by calling itself. A graph may hold operators that hold
 * graphs, and a file made on purpose thousands of them: so the depth is looked at before. */
static bool is_shallow(const ProtobufCMessageDescriptor *d, const uint8_t *p, const uint8_t *end,
                       int left) {
    uint64_t key, n;
    if (left == 0) return false;
    while (p < end) {
        if (!varint(&p, end, &key)) return true; /* cut short: protobuf-c says so */
        unsigned wire = key & 7;
        size_t fixed = wire == 1 ? 8 : wire == 5 ? 4 : 0;
        if (wire == 0 && !varint(&p, end, &n)) return true;
        if (wire == 0) continue;
        if (wire == 2 && !varint(&p, end, &n)) return true;
        n = wire == 2 ? n : fixed;
        if ((wire != 2 && !fixed) || n > (uint64_t)(end - p)) return true;
        const ProtobufCFieldDescriptor *f =
            protobuf_c_message_descriptor_get_field(d, (unsigned)(key >> 3));
        if (f && f->type == PROTOBUF_C_TYPE_MESSAGE && wire == 2 &&
            !is_shallow(f->descriptor, p, p + n, left - 1))
            return false;
        p += n;
    }
    return true;
}

Onnx__ModelProto *onnx_parse(struct str bytes, struct err *e) {
    enum { DEEPEST = 60 };
    const uint8_t *p = (const uint8_t *)bytes.p;
    bool shallow = is_shallow(&onnx__model_proto__descriptor, p, p + bytes.n, DEEPEST);
    Onnx__ModelProto *m = shallow ? onnx__model_proto__unpack(&allocator, bytes.n, p) : NULL;
    if (m && m->graph) return m;
    onnx_forget(m);
    err_set(e, ERR_DATA,
            shallow ? "This is not an ONNX model, or it is damaged."
                    : "This ONNX file holds graphs inside graphs without end.");
    return NULL;
}

void onnx_forget(Onnx__ModelProto *m) {
    if (m) onnx__model_proto__free_unpacked(m, &allocator);
}
