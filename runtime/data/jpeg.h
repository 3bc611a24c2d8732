/* JPEG bytes; see image.h, whose functions choose by the file's first bytes. */
#pragma once
#include "image.h"

bool jpeg_info(struct str bytes, struct image_info *out, struct err *e);
/* A CMYK picture becomes colour, whatever `wish->channels`. */
struct tensor *jpeg_decode(struct str bytes, const struct image_wish *wish, struct err *e);
