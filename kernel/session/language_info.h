/* What front ends need to know of the language to show its text; the same in kernel_info and in
 * notebook files. */
#pragma once
#include <jansson.h>

json_t *language_info(void); /* new reference */
