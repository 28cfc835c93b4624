/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reads dates digit by digit; months are twelfths of a year, days parts of their month.
 */
#include "catalog/date.h"

#include <assert.h>
#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

enum { YEAR_MIN = 1900, YEAR_MAX = 2199, MONTHS = 12 };

static int digits(const char *text, int count)
{
    int value = 0;
    for (int i = 0; i < count; i++) {
        if (text[i] < '0' || text[i] > '9') {
            return -1;
        }
        value = 10 * value + (text[i] - '0');
    }
    return value;
}

static int days_of(int year, int month)
{
    static const int days[MONTHS] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    return days[month - 1] + (month == 2 && leap ? 1 : 0);
}

/* A half or quarter of a year: "H1", "Q3". */
static bool read_part(const char *text, int year, mu_range *out)
{
    int letter = toupper((unsigned char)text[0]);
    int parts = letter == 'H' ? 2 : letter == 'Q' ? 4 : 0;
    int part = parts == 0 || text[1] == '\0' ? -1 : digits(text + 1, 1);
    if (part < 1 || part > parts || text[2] != '\0') {
        return false;
    }
    out->low = year + (double)(part - 1) / parts;
    out->high = year + (double)part / parts;
    return true;
}

/* "-06", "-06-15" */
static bool read_month(const char *text, int year, mu_range *out)
{
    size_t length = strlen(text);
    bool dashes = text[0] == '-' && (length == 3 || (length == 6 && text[3] == '-'));
    int month = dashes ? digits(text + 1, 2) : -1;
    if (month < 1 || month > MONTHS) {
        return false;
    }
    out->low = year + (double)(month - 1) / MONTHS;
    out->high = year + (double)month / MONTHS;
    if (length == 3) {
        return true;
    }
    int day = digits(text + 4, 2);
    if (day < 1 || day > days_of(year, month)) {
        return false;
    }
    out->low += (double)(day - 1) / days_of(year, month) / MONTHS;
    out->high = out->low;
    return true;
}

mu_status mu_date_parse(const char *text, mu_range *out, mu_error *err)
{
    assert(text != NULL && out != NULL);
    mu_range range = {0};
    int year = strlen(text) >= 4 ? digits(text, 4) : -1;
    bool ok = year >= YEAR_MIN && year <= YEAR_MAX;
    if (ok && text[4] == '\0') {
        range.low = year;
        range.high = year + 1;
    } else {
        ok = ok && (read_part(text + 4, year, &range) || read_month(text + 4, year, &range));
    }
    if (!ok) {
        return mu_fail(err, MU_E_INPUT,
                       "expected a date such as 2027, 2027H1, 2027Q2, 2027-06 or 2027-06-30, "
                       "found \"%.40s\"",
                       text);
    }
    range.best = 0.5 * (range.low + range.high);
    *out = range;
    return MU_OK;
}

void mu_date_print(double years, char out[16])
{
    double months = floor(fmin(fmax(years, 0.0), 9999.0) * MONTHS + 1e-6);
    unsigned year = (unsigned)(months / MONTHS) % 10000;
    unsigned month = (unsigned)months % MONTHS;
    (void)snprintf(out, 16, "%04u-%02u", year, month + 1);
}

mu_status mu_catalog_launch(const mu_catalog *catalog, const mu_entity *entity, mu_launch *out,
                            mu_error *err)
{
    const mu_entity *owner = entity;
    const mu_node *node = mu_catalog_node(catalog, entity, "launched", &owner);
    mu_fact fact = {.grade = '-', .source = "", .note = ""};
    *out = (mu_launch){.grade = '-', .source = "", .note = "", .entity = owner->id};
    if (node == NULL) {
        return MU_OK;
    }
    if (node->kind == MU_NODE_MAP) {
        mu_status status = mu_catalog_fact(catalog, entity, "launched", true, &fact, err);
        if (status != MU_OK) {
            return status;
        }
    }
    out->text = mu_catalog_text(catalog, entity, "launched");
    out->grade = fact.grade;
    out->source = fact.source;
    out->note = fact.note;
    mu_error inner = {0};
    if (out->text == NULL || mu_date_parse(out->text, &out->years, &inner) != MU_OK) {
        return mu_node_fail(&owner->doc, node, err, "launched: %s",
                            inner.text[0] != '\0' ? inner.text : "expected a date such as 2027-06");
    }
    return MU_OK;
}
