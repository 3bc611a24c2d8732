/* Durations and money in words. No dollar signs: notebooks set what is between two as a formula. */
#include "display/views.h"
#include <math.h>

void duration_words(double seconds, struct text *out) {
    if (seconds < 0.995) text_addf(out, "%.2f s", seconds);
    else if (seconds < 59.95) text_addf(out, "%.1f s", seconds);
    else if (seconds < 3570)
        text_addf(out, "%d min %d s", (int)(seconds + 0.5) / 60, (int)(seconds + 0.5) % 60);
    else
        text_addf(out, "%d h %d min", (int)(seconds / 60 + 0.5) / 60,
                  (int)(seconds / 60 + 0.5) % 60);
}

void money_words(double usd, struct text *out) {
    if (usd < 0.01) text_adds(out, "less than a cent");
    else text_addf(out, usd < 1e4 ? "%.2f USD" : "%.0f USD", usd);
}

static void left_words(const struct machine_cost *c, double now, struct text *out) {
    if (c->budget <= 0 || c->spent < 0) return;
    double left = c->budget - c->spent - now;
    text_adds(out, " · ");
    if (left > 0) text_addf(out, "about %.2f of the budget of %.2f USD left", left, c->budget);
    else text_addf(out, "the budget of %.2f USD is used up", c->budget);
}

void cost_words(const struct machine_cost *c, double seconds, double left, struct text *out) {
    double per_second = c->price.usd_per_hour / 3600, now = per_second * seconds;
    text_adds(out, left == 0 ? "cost " : "costs ");
    if (now >= 0.01) text_adds(out, "about ");
    money_words(now, out);
    if (left > 0 && per_second * (seconds + left) >= 0.01) {
        text_adds(out, " so far, about ");
        money_words(per_second * (seconds + left), out);
        text_adds(out, " in all");
    } else if (left != 0) {
        text_adds(out, " so far");
    }
    text_addf(out, " (%s%s, estimated at %.4g USD an hour)", c->price.guessed ? "looks like " : "",
              c->price.type, c->price.usd_per_hour);
    left_words(c, now, out);
}

void budget_words(const struct machine_cost *c, double hours, struct text *out) {
    double usd = c->price.usd_per_hour;
    if (usd <= 0) {
        text_adds(out, "What this machine costs is not known here, so no money is shown.\n");
        return;
    }
    text_addf(out, "This machine (%s%s, estimated at %.4g USD an hour)",
              c->price.guessed ? "looks like " : "", c->price.type, usd);
    if (hours < 0) {
        text_adds(out, " does not say how long it has been running.\n");
        return;
    }
    text_adds(out, " has been running for ");
    duration_words(3600 * hours, out);
    text_adds(out, ": ");
    money_words(usd * hours, out);
    double left = c->budget - usd * hours;
    if (c->budget > 0 && left > 0) {
        text_addf(out, " of the budget of %.2f USD. The rest lasts for ", c->budget);
        duration_words(3600 * left / usd, out);
    } else if (c->budget > 0) {
        text_addf(out, ". The budget of %.2f USD is used up", c->budget);
    }
    text_adds(out, ".\n");
}
