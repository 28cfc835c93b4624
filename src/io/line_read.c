/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Streaming reader of lines.
 *
 * What:  what is left of a block moves to the front of the buffer when the next one is wanted; the
 *        buffer doubles where a single line fills it.
 * Why:   one place for files, compression, line ends and NUL bytes; tables and traces cut lines.
 */
#include "io/line_read.h"

#include <zstd.h>

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { ROOM_FIRST = 262144, PACKED_ROOM = 131072 };

struct mu_lines {
    FILE *file;
    ZSTD_DStream *unpack; /* NULL = plain text */
    char *packed;         /* [PACKED_ROOM] */
    ZSTD_inBuffer in;     /* of packed */
    bool inside;          /* a packed frame is open */
    bool at_end;          /* the file has no more */
    char *text;           /* [room + 1] */
    size_t room;
    size_t start, end; /* text[start..end) is yet to be handed out */
    size_t searched;   /* bytes of it that are known to hold no line end */
    size_t nul;        /* place of the first NUL byte in text; SIZE_MAX = none */
    size_t longest;
    uint32_t number;
    const char *what;
    char *path;
};

static mu_status no_memory(mu_error *err)
{
    return mu_fail(err, MU_E_MEMORY, "out of memory");
}

bool mu_lines_packed(const char *path)
{
    static const char end[] = ".zst";
    size_t length = strlen(path);
    return length >= sizeof end - 1 && strcmp(path + length - (sizeof end - 1), end) == 0;
}

const char *mu_lines_path(const mu_lines *lines)
{
    return lines->path;
}

static mu_status open_file(mu_lines *lines, const char *path, mu_error *err)
{
    struct stat about;
    lines->file = fopen(path, "rb");
    if (lines->file == NULL || fstat(fileno(lines->file), &about) != 0) {
        return mu_fail_at(err, MU_E_INPUT, path, 0, 0, "cannot be opened: %s", strerror(errno));
    }
    if (S_ISDIR(about.st_mode)) {
        return mu_fail_at(err, MU_E_INPUT, path, 0, 0, "is a directory, expected %s", lines->what);
    }
    return MU_OK;
}

static bool make_room(mu_lines *lines, const char *path)
{
    lines->path = strdup(path);
    lines->text = malloc(ROOM_FIRST + 1);
    lines->room = ROOM_FIRST;
    if (mu_lines_packed(path)) {
        lines->packed = malloc(PACKED_ROOM);
        lines->unpack = ZSTD_createDStream();
        if (lines->packed == NULL || lines->unpack == NULL) {
            return false;
        }
    }
    return lines->path != NULL && lines->text != NULL;
}

mu_status mu_lines_open(const char *path, size_t longest, const char *what, mu_lines **out,
                        mu_error *err)
{
    mu_lines *lines = calloc(1, sizeof *lines);
    if (lines == NULL) {
        return no_memory(err);
    }
    lines->longest = longest;
    lines->what = what;
    lines->nul = SIZE_MAX;
    mu_status status = open_file(lines, path, err);
    if (status == MU_OK && !make_room(lines, path)) {
        status = no_memory(err);
    }
    if (status != MU_OK) {
        mu_lines_close(lines);
        return status;
    }
    *out = lines;
    return MU_OK;
}

void mu_lines_close(mu_lines *lines)
{
    if (lines == NULL) {
        return;
    }
    if (lines->file != NULL) {
        (void)fclose(lines->file);
    }
    (void)ZSTD_freeDStream(lines->unpack);
    free(lines->packed);
    free(lines->text);
    free(lines->path);
    free(lines);
}

/* fread that says why it failed; *got is 0 at the end of the file. */
static mu_status read_bytes(mu_lines *lines, char *to, size_t room, size_t *got, mu_error *err)
{
    *got = fread(to, 1, room, lines->file);
    return *got == 0 && ferror(lines->file) ? mu_fail_at(err, MU_E_INPUT, lines->path, 0, 0,
                                                         "cannot be read: %s", strerror(errno))
                                            : MU_OK;
}

/* Unpacks until there is some text, or the file has ended. */
static mu_status unpack(mu_lines *lines, size_t *got, mu_error *err)
{
    ZSTD_outBuffer out = {lines->text, lines->room, lines->end};
    *got = 0;
    while (out.pos == lines->end) {
        if (lines->in.pos == lines->in.size) {
            size_t size = 0;
            mu_status status = read_bytes(lines, lines->packed, PACKED_ROOM, &size, err);
            if (status != MU_OK) {
                return status;
            }
            if (size == 0) {
                return lines->inside ? mu_fail_at(err, MU_E_INPUT, lines->path, lines->number, 0,
                                                  "the compressed file ends early")
                                     : MU_OK;
            }
            lines->in = (ZSTD_inBuffer){lines->packed, size, 0};
        }
        size_t left = ZSTD_decompressStream(lines->unpack, &out, &lines->in);
        if (ZSTD_isError(left)) {
            return mu_fail_at(err, MU_E_INPUT, lines->path, 0, 0, "cannot be unpacked: %s",
                              ZSTD_getErrorName(left));
        }
        lines->inside = left != 0;
    }
    *got = out.pos - lines->end;
    return MU_OK;
}

/* The start of a file that is packed though its name doesn't say so. */
static mu_status check_start(const mu_lines *lines, mu_error *err)
{
    const char *text = lines->text;
    if (lines->unpack == NULL && lines->end >= 4) {
        if (memcmp(text, "\x28\xB5\x2F\xFD", 4) == 0) {
            return mu_fail_at(err, MU_E_INPUT, lines->path, 0, 0,
                              "is compressed by zstd: expected a name that ends in .zst");
        }
        if (memcmp(text, "\x1F\x8B", 2) == 0) {
            return mu_fail_at(err, MU_E_INPUT, lines->path, 0, 0,
                              "is compressed by gzip: expected text, or .zst");
        }
    }
    return MU_OK;
}

/* Moves what is left to the front, and sees that there is room behind it. */
static mu_status clear_room(mu_lines *lines, mu_error *err)
{
    size_t left = lines->end - lines->start;
    memmove(lines->text, lines->text + lines->start, left);
    lines->start = 0;
    lines->end = left;
    if (left == lines->room) {
        char *grown = realloc(lines->text, 2 * lines->room + 1);
        if (grown == NULL) {
            return no_memory(err);
        }
        lines->text = grown;
        lines->room *= 2;
    }
    return MU_OK;
}

/* More text behind what is left. */
static mu_status fill(mu_lines *lines, mu_error *err)
{
    mu_status status = clear_room(lines, err);
    if (status != MU_OK) {
        return status;
    }
    char *to = lines->text + lines->end;
    size_t got = 0;
    status = lines->unpack != NULL ? unpack(lines, &got, err)
                                   : read_bytes(lines, to, lines->room - lines->end, &got, err);
    if (status != MU_OK) {
        return status;
    }
    bool first = lines->number == 1 && lines->end == 0;
    lines->at_end = got == 0;
    lines->end += got;
    const char *nul = got > 0 ? memchr(to, '\0', got) : NULL;
    if (nul != NULL && lines->nul == SIZE_MAX) {
        lines->nul = (size_t)(nul - lines->text);
    }
    return first ? check_start(lines, err) : MU_OK;
}

static mu_status fail_line(const mu_lines *lines, uint32_t column, const char *fault, mu_error *err)
{
    return mu_fail_at(err, MU_E_INPUT, lines->path, lines->number, column, "%s: is this %s?", fault,
                      lines->what);
}

/* Length of the next line, without its LF if it has one. */
static mu_status find_end(mu_lines *lines, size_t *length, mu_error *err)
{
    for (;;) {
        const char *from = lines->text + lines->start;
        size_t left = lines->end - lines->start;
        const char *end = memchr(from + lines->searched, '\n', left - lines->searched);
        *length = end != NULL ? (size_t)(end - from) : left;
        if (*length > lines->longest) {
            char fault[64];
            (void)snprintf(fault, sizeof fault, "a line longer than %zu bytes", lines->longest);
            return fail_line(lines, 0, fault, err);
        }
        if (end != NULL || lines->at_end) {
            return MU_OK;
        }
        lines->searched = left;
        assert(lines->nul == SIZE_MAX || lines->nul >= lines->start);
        lines->nul -= lines->nul == SIZE_MAX ? 0 : lines->start; /* fill() moves the text */
        mu_status status = fill(lines, err);
        if (status != MU_OK) {
            return status;
        }
    }
}

mu_status mu_lines_next(mu_lines *lines, mu_line *out, bool *more, mu_error *err)
{
    size_t length = 0;
    if (lines->start == lines->end && lines->at_end) {
        *more = false;
        return MU_OK;
    }
    lines->number += lines->number < UINT32_MAX ? 1 : 0;
    mu_status status = find_end(lines, &length, err);
    if (status != MU_OK) {
        return status;
    }
    char *text = lines->text + lines->start;
    *more = lines->start < lines->end;
    if (!*more) {
        lines->number--;
        return MU_OK;
    }
    if (lines->nul < lines->start + length) {
        return fail_line(lines, (uint32_t)(lines->nul - lines->start + 1), "a NUL byte", err);
    }
    size_t whole = lines->end - lines->start;
    lines->start += length < whole ? length + 1 : length;
    lines->searched = 0;
    if (length > 0 && text[length - 1] == '\r') {
        length--;
    }
    text[length] = '\0';
    if (lines->number == 1 && length >= 3 && memcmp(text, "\xEF\xBB\xBF", 3) == 0) {
        text += 3;
        length -= 3;
    }
    *out = (mu_line){.text = text, .length = length, .number = lines->number};
    return MU_OK;
}
