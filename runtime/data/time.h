/* Points in time as seconds since 1970-01-01 00:00, in the Gregorian calendar and without time
 * zones or leap seconds; missing = NaN. Days to dates and back as in Howard Hinnant,
 * "chrono-compatible low-level date algorithms" (2021). */
#pragma once
#include "base/str.h"
#include <stdint.h>

struct time_parts {
    int64_t year;
    int month, day; /* 1 … 12, 1 … 31 */
    int hour, minute;
    double second;
    int weekday;     /* 0 = Monday … 6 = Sunday */
    int day_of_year; /* 1 … 366 */
};

struct time_parts time_parts(double t); /* t finite */
/* Months beyond 1 … 12 and days beyond the month's carry over. */
double time_of(int64_t year, int64_t month, int64_t day, int64_t hour, int64_t minute,
               double second);
/* "2019-03-01", "2019/03/01", then maybe "T" or a blank and "12:30", "12:30:05.25", then maybe "Z"
 * or "+01:00" (which is taken away: the result is universal time). Nothing else. */
bool time_read(struct str s, double *t);
/* By a format of %Y %m %d %H %M %S %y %b %B %j %f %p %I %%; anything else stands for itself. */
bool time_read_by(struct str s, const char *format, double *t);
/* The same codes and %A %a, into `out`. */
void time_write_by(double t, const char *format, struct text *out);
/* "2019-03-01", or "2019-03-01 12:30" or "…:05" if `clock`, NaN as "missing". */
void time_write(double t, bool clock, struct text *out);

enum time_unit {
    TIME_SECOND,
    TIME_MINUTE,
    TIME_HOUR,
    TIME_DAY,
    TIME_WEEK, /* begins on Monday */
    TIME_MONTH,
    TIME_QUARTER,
    TIME_YEAR,
    TIME_N_UNITS
};
/* "month" or "months" -> TIME_MONTH; false for other words. */
bool time_unit_of(struct str word, enum time_unit *unit);
double time_floor(double t, enum time_unit unit);
/* Months, quarters and years move the date and keep the day, at most the month's last. */
double time_add(double t, double amount, enum time_unit unit);
