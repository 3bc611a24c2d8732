/* ONNX's messages as bytes. Everything around them is the schema's own, onnx.pb-c.h. */
#pragma once
#include "base/err.h"
#include <onnx.pb-c.h>

/* A protocol buffer holds at most 2 GB. */
bool onnx_write_file(const Onnx__ModelProto *m, const char *path, struct err *e);
/* NULL when the bytes are no ONNX model, or nested deeper than any is. onnx_forget it. */
Onnx__ModelProto *onnx_parse(struct str bytes, struct err *e);
void onnx_forget(Onnx__ModelProto *m);
