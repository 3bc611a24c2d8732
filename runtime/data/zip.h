/* Zip archives: members read where they lie, without unpacking the archive, and written one after
 * the other. Stored and deflated members, Zip64 (APPNOTE.TXT 6.3 of PKWARE); no encryption and no
 * parts. Everything in an archive's directory is checked against its size; what a member unpacks to
 * is checked by its CRC-32. */
#pragma once
#include "base/err.h"
#include <stdint.h>

struct zip;

struct zip_member {
    struct str name; /* with folders, "/" between them; not NUL-terminated */
    uint64_t packed, size, offset;
    uint32_t crc;
    int method; /* 0 stored, 8 deflated */
};

/* Counted. The file stays open and mapped; zip_of borrows the bytes. */
struct zip *zip_open(const char *path, struct err *e);
struct zip *zip_of(struct str bytes, struct err *e);
struct zip *zip_ref(struct zip *z);
void zip_unref(struct zip *z);
int64_t zip_count(const struct zip *z);
const struct zip_member *zip_at(const struct zip *z, int64_t i);
int64_t zip_find(const struct zip *z, struct str name); /* position or -1 */
/* The bytes of member i; text_clear them. May be called by several threads at once. */
bool zip_read(const struct zip *z, int64_t i, struct text *out, struct err *e);
/* Is the member a file that one looks for (no folder, no hidden file, no "__MACOSX")? */
bool zip_is_file(const struct zip_member *m);
/* A name that stays below the folder it is unpacked to. */
bool zip_is_safe(struct str name);

/* ---- writing ---- */

struct zip_writer;
struct zip_writer *zip_create(const char *path, struct err *e);
/* Deflated where that makes it smaller and `pack` is set. */
bool zip_add(struct zip_writer *w, const char *name, struct str bytes, bool pack, struct err *e);
/* The archive in its place (true), or nothing of it. Frees the writer in any case. */
bool zip_finish(struct zip_writer *w, bool ok, struct err *e);
