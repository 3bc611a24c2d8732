/* Where trained networks lie: files NAME.onnx or NAME.keras (and NAME.classes.txt, the names of the
 * classes, one a line) in the folders of AWML_PRETRAINED (with : between them), in ./pretrained, in
 * ~/.cache/awml/pretrained and in share/awml/pretrained of the installation. Nothing is ever
 * downloaded; scripts/convert_pretrained.py makes such files. */
#pragma once
#include "base/err.h"

/* The file of that name; an error says where it was looked for and how to make it. */
bool pretrained_find(struct str name, char *path, size_t cap, struct err *e);
/* Names of all that are there, interned and sorted; how many. */
enum { PRETRAINED_MOST = 200 };
int pretrained_names(const char *names[PRETRAINED_MOST]);
/* The file of its classes' names beside a network's file; false if there is none. */
bool pretrained_classes(const char *path, char *out, size_t cap);
