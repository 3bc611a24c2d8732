/* Good moments to mark on an axis of times, and how they are written: as little of a date as tells
 * it apart from its neighbours, the rest once at the end of the axis. */
#include "display/ticks.h"
#include <math.h>
#include <stdint.h>
#include <stdio.h>

enum { MINUTE = 60, HOUR = 3600, DAY = 86400 };
static const double MONTH = 30.44 * DAY, YEAR = 365.2425 * DAY;
static const char *const months[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                     "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};

struct date {
    int64_t year;
    int month, day; /* 1 … 12, 1 … 31 */
};

/* Days since 1970-01-01 of the proleptic Gregorian calendar, by eras of 400 years that begin in
 * March (Neri and Schneider 2023, "Euclidean affine functions and their application to calendar
 * algorithms"). */
static int64_t days_of(struct date d) {
    int64_t y = d.year - (d.month <= 2);
    int64_t era = (y >= 0 ? y : y - 399) / 400, in_era = y - era * 400;
    int64_t in_year = (153 * (d.month + (d.month > 2 ? -3 : 9)) + 2) / 5 + d.day - 1;
    return era * 146097 + in_era * 365 + in_era / 4 - in_era / 100 + in_year - 719468;
}

static struct date date_of(int64_t days) {
    days += 719468;
    int64_t era = (days >= 0 ? days : days - 146096) / 146097, in_era = days - era * 146097;
    int64_t y = (in_era - in_era / 1460 + in_era / 36524 - in_era / 146096) / 365;
    int64_t in_year = in_era - (365 * y + y / 4 - y / 100), shifted = (5 * in_year + 2) / 153;
    struct date d = {.day = (int)(in_year - (153 * shifted + 2) / 5 + 1),
                     .month = (int)(shifted < 10 ? shifted + 3 : shifted - 9)};
    d.year = y + era * 400 + (d.month <= 2);
    return d;
}

static struct date date_at(double seconds) {
    return date_of((int64_t)floor(seconds / DAY));
}

void time_print(char out[TICK_LABEL_BYTES], double seconds, bool with_clock) {
    struct date d = date_at(seconds);
    double rest = seconds - floor(seconds / DAY) * DAY;
    int n = snprintf(out, TICK_LABEL_BYTES, "%lld-%02d-%02d", (long long)d.year, d.month, d.day);
    if (!with_clock || n >= TICK_LABEL_BYTES) return;
    int hour = (int)(rest / HOUR), minute = (int)(rest / MINUTE) % 60;
    snprintf(out + n, (size_t)(TICK_LABEL_BYTES - n), " %02d:%02d", hour, minute);
}

/* ---- steps ---- */

enum unit { SECONDS, MONTHS, YEARS };

struct step {
    enum unit unit;
    double count; /* of the unit */
};

static struct step choose_step(double range, int wanted) {
    static const double clock[] = {1,        2,        5,        10,        15,      30,
                                   MINUTE,   120,      300,      600,       900,     1800,
                                   HOUR,     2 * HOUR, 3 * HOUR, 6 * HOUR,  12 * HOUR, DAY,
                                   2 * DAY,  7 * DAY,  14 * DAY};
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
    snprintf(out, TICK_LABEL_BYTES, "%02d:%02d:%0*.*f", hour, minute,
             decimals ? decimals + 3 : 2, decimals > 6 ? 6 : decimals, second);
}

/* What is the same for all: "2024", "3 Mar 2024", or nothing. */
static void print_rest(struct ticks *t, struct step step, bool any_midnight) {
    if (t->n == 0 || step.unit == YEARS) return;
    struct date d = date_at(t->at[0]);
    bool clock = step.unit == SECONDS && step.count < DAY;
    if (step.unit == MONTHS) {
        for (int i = 0; i < t->n; i++)
            if (date_at(t->at[i]).month == 1) return; /* the year stands there */
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
        struct date d = date_at(at);
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
    struct date d = date_at(low);
    int64_t k = d.year * 12 + (d.month - 1);
    k -= k % step;
    for (; t->n < TICKS_MAX; k += step) {
        struct date first = {k / 12, (int)(k % 12) + 1, 1};
        double at = (double)days_of(first) * DAY;
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
    double first = floor((double)date_at(low).year / step) * step;
    for (double year = first; t->n < TICKS_MAX; year += step) {
        double at = (double)days_of((struct date){(int64_t)year, 1, 1}) * DAY;
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
