/* From numbers to pixels along one axis. */
#include "display/scale.h"
#include <math.h>

double scale_at(const struct scale *s, double x) {
    double share;
    if (s->log) {
        if (!(x > 0)) return NAN;
        share = (log(x) - log(s->low)) / (log(s->high) - log(s->low));
    } else {
        share = (x - s->low) / (s->high - s->low);
    }
    return s->from + share * (s->to - s->from);
}

double scale_inverse(const struct scale *s, double px) {
    double share = (px - s->from) / (s->to - s->from);
    if (s->log) return exp(log(s->low) + share * (log(s->high) - log(s->low)));
    return s->low + share * (s->high - s->low);
}
