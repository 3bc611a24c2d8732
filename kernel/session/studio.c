/* What this machine costs, read off files and the environment. */
#include "session/studio.h"
#include "session/json_text.h"
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct price_row {
    const char *type;
    int processors, gib;
    bool gpu;
    double usd;
    bool course;
};

static const struct price_row rows[] = {
#define PRICE(type, processors, gib, gpu, usd, course) {type, processors, gib, gpu, usd, course},
#include "session/prices.list"
#undef PRICE
};

/* ---- files below the root ---- */

static const char *root_path(const char *path, char out[512]) {
    const char *root = getenv("AWML_STUDIO_ROOT");
    snprintf(out, 512, "%s%s", root ? root : "", path);
    return out;
}

static size_t read_whole(const char *path, char *buffer, size_t size) {
    char name[512];
    FILE *f = fopen(root_path(path, name), "re");
    size_t n = f ? fread(buffer, 1, size - 1, f) : 0;
    if (f) fclose(f);
    buffer[n] = 0;
    return n;
}

static bool is_there(const char *path) {
    char name[512];
    return access(root_path(path, name), F_OK) == 0;
}

/* A text of a JSON file; false if either is missing. */
static bool json_file_text(const char *path, const char *key, char *out, size_t size) {
    char bytes[16384];
    bool repaired;
    size_t n = read_whole(path, bytes, sizeof bytes);
    json_t *v = n ? json_read((struct str){bytes, n}, &repaired) : NULL;
    const char *text = json_string_value(json_object_get(v, key));
    if (text) snprintf(out, size, "%s", text);
    json_decref(v);
    return text != NULL;
}

/* ---- the type ---- */

static bool from_training_job(char type[48]) {
    return json_file_text("/opt/ml/input/config/resourceconfig.json", "current_instance_type", type,
                          48);
}

/* "…/KernelGateway/datascience-1-0-ml-t3-medium-1abc" holds ml.t3.medium. */
static bool from_app_name(char type[48]) {
    char arn[1024], family[16], size[16];
    if (!json_file_text("/opt/ml/metadata/resource-metadata.json", "ResourceArn", arn, sizeof arn))
        return false;
    const char *app = strrchr(arn, '/');
    const char *at = app ? strstr(app, "-ml-") : NULL;
    if (!at || sscanf(at, "-ml-%15[a-z0-9]-%15[a-z0-9]", family, size) != 2) return false;
    snprintf(type, 48, "ml.%s.%s", family, size);
    return true;
}

static int count_processors(void) {
    static char table[1 << 20];
    int n = 0;
    read_whole("/proc/cpuinfo", table, sizeof table);
    for (const char *at = table; (at = strstr(at, "processor\t")); at += 9) n++;
    return n;
}

static double memory_gib(void) {
    char table[8192];
    long long kib = 0;
    read_whole("/proc/meminfo", table, sizeof table);
    const char *at = strstr(table, "MemTotal:");
    return at && sscanf(at, "MemTotal: %lld", &kib) == 1 ? (double)kib / (1 << 20) : 0;
}

/* Only in Studio, where the whole machine is the app's: any other of this size costs what it costs.
 */
static bool from_size(char type[48]) {
    bool studio = is_there("/opt/ml/metadata/resource-metadata.json") ||
                  getenv("SAGEMAKER_APP_TYPE") || getenv("SAGEMAKER_SPACE_NAME");
    if (!studio) return false;
    int processors = count_processors();
    double gib = memory_gib();
    bool gpu = is_there("/dev/nvidia0");
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        const struct price_row *r = &rows[i];
        bool same = r->course && r->processors == processors && r->gpu == gpu;
        if (!same || gib < 0.85 * r->gib || gib > 1.05 * r->gib) continue;
        snprintf(type, 48, "%s", r->type);
        return true;
    }
    return false;
}

/* ---- the price ---- */

static double price_of(const char *type) {
    const char *said = getenv("AWML_PRICE_PER_HOUR");
    double usd = said ? strtod(said, NULL) : 0;
    for (size_t i = 0; usd <= 0 && i < ARRAY_LEN(rows); i++)
        if (strcmp(rows[i].type, type) == 0) usd = rows[i].usd;
    return usd;
}

static struct machine_price found;
static pthread_once_t once = PTHREAD_ONCE_INIT;

static void look(void) {
    const char *said = getenv("AWML_INSTANCE_TYPE");
    if (said && *said) snprintf(found.type, sizeof found.type, "%s", said);
    else if (!from_training_job(found.type) && !from_app_name(found.type))
        found.guessed = from_size(found.type);
    if (found.type[0]) found.usd_per_hour = price_of(found.type);
}

bool studio_price(struct machine_price *out) {
    pthread_once(&once, look);
    *out = found;
    return found.usd_per_hour > 0;
}

double studio_hours(void) {
    char stat[2048], uptime[128];
    long long started = -1;
    double up = 0;
    read_whole("/proc/1/stat", stat, sizeof stat);
    read_whole("/proc/uptime", uptime, sizeof uptime);
    const char *at = strrchr(stat, ')'); /* field 2 may hold anything; 22 is the start in ticks */
    for (int field = 2; at && field < 22; field++) at = strchr(at + 1, ' ');
    if (!at || sscanf(at, " %lld", &started) != 1 || sscanf(uptime, "%lf", &up) != 1) return -1;
    double seconds = up - (double)started / (double)sysconf(_SC_CLK_TCK);
    return seconds < 0 ? -1 : seconds / 3600;
}
