/* Long computations of a library that looks at no stop flag: they run on a thread of their own, so
 * that whoever waits for one may leave. One at a time: the next waits until one that was left has
 * ended, so neither memory nor the library is needed twice. */
#pragma once
#include "base/err.h"
#include <stdatomic.h>

/* work(job), and waits for it. True: it is done, and `job` is still the caller's. False: `stop` was
 * seen, with an error in `e`; `job` is then nobody's business any more: clear(job) follows when
 * work has ended. With `stop` NULL, or where no thread can be had, the caller works himself. */
bool apart_run(void (*work)(void *job), void (*clear)(void *job), void *job,
               const _Atomic bool *stop, struct err *e);
