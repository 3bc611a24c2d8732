/* ONNX's messages to and from files, by protobuf-c. */
#include "onnx_proto.h"
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
