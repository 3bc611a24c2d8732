/* The table of an ONNX graph's values as a whole: made once, made ready for each walk. */
#pragma once
#include "onnx_read.h"

bool onnx_table_init(struct onnx_reader *r, struct err *e);
void onnx_table_walk(struct onnx_reader *r); /* forgets the nodes of an earlier walk */
void onnx_table_clear(struct onnx_reader *r);
