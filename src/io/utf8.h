/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Is this text? The check every reader of files makes first.
 */
#ifndef MUSTER_IO_UTF8_H
#define MUSTER_IO_UTF8_H

#include <stddef.h>
#include <stdint.h>

/* From 1; columns count characters. */
typedef struct mu_text_place {
    uint32_t line;
    uint32_t column;
} mu_text_place;

/**
 * NULL when text[0..length) is well-formed UTF-8 without NUL, *place being its end; else what is
 * wrong ("a NUL byte", static) and where. O(length).
 */
const char *mu_utf8_fault(const char *text, size_t length, mu_text_place *place);

#endif
