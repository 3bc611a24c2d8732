/* download: a file from the network, by the program curl. */
#include "fn.h"
#include "lang/eval/process.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { LONGEST = 4000 };

static bool starts(struct str s, const char *with) {
    size_t n = strlen(with);
    return s.n > n && memcmp(s.p, with, n) == 0;
}

/* The file's name at the end of an address, without what is behind a question mark. */
static struct str name_in(struct str url) {
    size_t end = 0;
    while (end < url.n && url.p[end] != '?' && url.p[end] != '#') end++;
    size_t begin = end;
    while (begin > 0 && url.p[begin - 1] != '/') begin--;
    return (struct str){url.p + begin, end - begin};
}

static bool by_hand(struct call *c) {
    return err_hint(c->ev->e, "A file can also be fetched with the browser and put beside the "
                              "notebook.");
}

static bool not_fetched(struct call *c, int status) {
    static const struct {
        int status;
        const char *words;
    } known[] = {
        {6, "The server's name is not known. Is there a network here, and is the name right?"},
        {7, "The server does not answer. Is there a network here?"},
        {22, "The server has no such file, or does not give it to everybody."},
        {23, "The file cannot be written here."},
        {28, "The server did not answer in time."},
        {60, "The server's certificate is not valid."},
    };
    for (size_t i = 0; i < ARRAY_LEN(known); i++)
        if (known[i].status == status) {
            call_fail(c, 0, ERR_FILE, "%s", known[i].words);
            return by_hand(c);
        }
    call_fail(c, 0, ERR_FILE, "The file could not be fetched (curl ended with %d).", status);
    return by_hand(c);
}

static bool fetch(struct call *c, char *url, char *path) {
    char part[LONGEST + 16];
    char curl[] = "curl", flags[] = "-fsL", dirs[] = "--create-dirs", wait[] = "--connect-timeout";
    char seconds[] = "20", proto[] = "--proto-redir", only[] = "=http,https", out[] = "-o";
    char address[] = "--url";
    char *argv[] = {curl, flags, dirs, wait, seconds, proto, only, out, part, address, url, NULL};
    int error, status;
    snprintf(part, sizeof part, "%s.part", path);
    bool ok = process_run(c->ev, argv, c->at, &error, &status);
    if (ok && !error && status == 0 && rename(part, path) == 0) return true;
    unlink(part);
    if (!ok) return false;
    if (error == ENOENT) {
        call_fail(c, -1, ERR_FILE,
                  "The program curl, which fetches files, is not on this machine.");
        return by_hand(c);
    }
    if (error) return call_fail(c, -1, ERR_FILE, "curl cannot be started: %s.", strerror(error));
    return not_fetched(c, status == 0 ? 23 : status);
}

bool fn_download(struct call *c, struct value *out) {
    char url[LONGEST], path[LONGEST];
    struct str from, to;
    TRY(call_text(c, 0, &from));
    if (!starts(from, "http://") && !starts(from, "https://"))
        return call_fail(c, 0, ERR_ARGUMENT, "An address begins with https:// or http://.");
    to = name_in(from);
    if (call_has(c, 1)) TRY(call_text(c, 1, &to));
    if (!to.n)
        return call_fail(c, 0, ERR_ARGUMENT,
                         "This address has no file's name at its end: download(url, \"data.csv\")");
    if (from.n >= LONGEST || to.n >= LONGEST)
        return call_fail(c, 0, ERR_ARGUMENT, "This address is too long.");
    snprintf(url, sizeof url, "%.*s", (int)from.n, from.p);
    snprintf(path, sizeof path, "%.*s", (int)to.n, to.p);
    const char *offline = getenv("AWML_OFFLINE");
    bool there = access(path, F_OK) == 0;
    if (!there && offline && *offline && strcmp(offline, "0") != 0) {
        call_fail(c, -1, ERR_FILE, "Nothing is fetched here: AWML_OFFLINE is set.");
        return by_hand(c);
    }
    if (!there) TRY(fetch(c, url, path));
    *out = value_text(str_of(path), c->ev->e);
    return out->kind == V_TEXT;
}
