/* Good moments to mark on an axis of times, and how they are written: as little of a date as tells
 * it apart from its neighbours, the rest once at the end of the axis. */
#include "display/ticks.h"
#include "data/time.h"
#include <math.h>
#include <stdint.h>
#include <stdio.h>

enum { MINUTE = 60, HOUR = 3600, DAY = 86400 };
static const double MONTH = 30.44 * DAY, YEAR = 365.2425 * DAY;
static const char *const months[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                     "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};

/* ---- steps ---- */

enum unit { SECONDS, MONTHS, YEARS };

struct step {
    enum unit unit;
    double count; /* of the unit */
};

static struct step choose_step(double range, int wanted) {
    static const double clock[] = {1,        2,        5,         10,  15,      30,      MINUTE,
                                   120,      300,      600,       900, 1800,    HOUR,    2 * HOUR,
                                   3 * HOUR, 6 * HOUR, 12 * HOUR, DAY, 2 * DAY, 7 * DAY, 14 * DAY};
    static const double in_months[] = {1, 2, 3, 6};
    double rough = range / wanted;
    if (rough < 0.5) return (struct step){SECONDS, ticks_step(range, wanted)};
    for (size_t i = 0; i < ARRAY_LEN(clock); i++)
        if (clock[i] >= rough * 0.999) return (struct step){SECONDS, clock[i]};
    for (size_t i = 0; i < ARRAY_LEN(in_months); i++)
        if (in_months[i] * MONTH >= rough * 0.97) return (struct step){MONTHS, in_months[i]};
    return (struct step){YEARS, fmax(1, ticks_step(range / YEAR, wanted))};
}

/* ---- labels ---- */

static void print_clock(char *out, double seconds, double step) {
    double rest = seconds - floor(seconds / DAY) * DAY;
    int hour = (int)(rest / HOUR), minute = (int)(rest / MINUTE) % 60;
    if (step >= MINUTE) {
        snprintf(out, TICK_LABEL_BYTES, "%02d:%02d", hour, minute);
        return;
    }
    double second = rest - hour * HOUR - minute * MINUTE;
    int decimals = step >= 1 ? 0 : (int)ceil(-log10(step) - 1e-9);
    snprintf(out, TICK_LABEL_BYTES, "%02d:%02d:%0*.*f", hour, minute, decimals ? decimals + 3 : 2,
             decimals > 6 ? 6 : decimals, second);
}

/* What is the same for all: "2024", "3 Mar 2024", or nothing. */
static void print_rest(struct ticks *t, struct step step, bool any_midnight) {
    if (t->n == 0 || step.unit == YEARS) return;
    struct time_parts d = time_parts(t->at[0]);
    bool clock = step.unit == SECONDS && step.count < DAY;
    if (step.unit == MONTHS) {
        for (int i = 0; i < t->n; i++)
            if (time_parts(t->at[i]).month == 1) return; /* the year stands there */
    }
    if (clock && !any_midnight)
        snprintf(t->offset, sizeof t->offset, "%d %s %lld", d.day, months[d.month - 1],
                 (long long)d.year);
    else snprintf(t->offset, sizeof t->offset, "%lld", (long long)d.year);
}

static void add_seconds(struct ticks *t, double low, double high, double step) {
    double origin = step >= 7 * DAY ? 4.0 * DAY : 0; /* weeks begin on Mondays */
    bool any_midnight = false;
    for (double k = ceil((low - origin) / step - 1e-9); t->n < TICKS_MAX; k++) {
        double at = k * step + origin;
        if (at > high + step * 1e-6) break;
        struct time_parts d = time_parts(at);
        bool midnight = at == floor(at / DAY) * DAY;
        t->at[t->n] = at;
        any_midnight |= midnight;
        if (midnight)
            snprintf(t->label[t->n], TICK_LABEL_BYTES, "%d %s", d.day, months[d.month - 1]);
        else print_clock(t->label[t->n], at, step);
        t->n++;
    }
    print_rest(t, (struct step){SECONDS, step}, any_midnight);
}

static void add_months(struct ticks *t, double low, double high, int step) {
    struct time_parts d = time_parts(low);
    int64_t k = d.year * 12 + (d.month - 1);
    k -= k % step;
    for (; t->n < TICKS_MAX; k += step) {
        double at = time_of(k / 12, k % 12 + 1, 1, 0, 0, 0);
        struct time_parts first = time_parts(at);
        if (at > high) break;
        if (at < low) continue;
        t->at[t->n] = at;
        if (first.month == 1)
            snprintf(t->label[t->n], TICK_LABEL_BYTES, "%lld", (long long)first.year);
        else snprintf(t->label[t->n], TICK_LABEL_BYTES, "%s", months[first.month - 1]);
        t->n++;
    }
    print_rest(t, (struct step){MONTHS, step}, false);
}

static void add_years(struct ticks *t, double low, double high, double step) {
    double first = floor((double)time_parts(low).year / step) * step;
    for (double year = first; t->n < TICKS_MAX; year += step) {
        double at = time_of((int64_t)year, 1, 1, 0, 0, 0);
        if (at > high) break;
        if (at < low) continue;
        t->at[t->n] = at;
        snprintf(t->label[t->n++], TICK_LABEL_BYTES, "%.0f", year);
    }
}

void ticks_time(struct ticks *t, double low, double high, int wanted) {
    static const double most = 3e11; /* seconds: years −7500 … 11000 */
    if (!(low >= -most && high <= most)) return;
    struct step step = choose_step(high - low, wanted);
    if (step.unit == SECONDS) add_seconds(t, low, high, step.count);
    else if (step.unit == MONTHS) add_months(t, low, high, (int)step.count);
    else add_years(t, low, high, step.count);
}
