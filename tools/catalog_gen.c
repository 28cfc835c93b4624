/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Build tool: checks the YAML under data/ and writes it as a C file of static constants, and the
 * measured cases (data/measured/<name>.json) beside it.
 *
 *     catalog_gen DATA_DIR                    only checks
 *     catalog_gen DATA_DIR OUT.c DEPFILE      checks and writes; DEPFILE names what was read
 *
 * Every file's first fault is printed as file:line:column: text; the exit status is 1 if there
 * was any.
 */
#include "catalog/catalog.h"
#include "io/catalog_files.h"
#include "io/doc_read.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { CASE_FILES_MAX = 256 };

typedef struct generator {
    mu_arena *arena;
    const char *data_dir;
    mu_file_list list;
    mu_doc *docs; /* [doc_count], then [case_count] of measured cases */
    uint32_t doc_count;
    uint32_t case_count;
    const char *cases[CASE_FILES_MAX];
    uint32_t faults;
} generator;

static void report(generator *g, const mu_error *err)
{
    char line[MU_ERROR_TEXT_MAX + MU_ERROR_FILE_MAX + 32];
    (void)mu_error_format(err, line, sizeof line);
    (void)fprintf(stderr, "%s\n", line);
    g->faults++;
}

/* Name in messages and in the binary: from data/ on, the same on every machine. */
static mu_status read_one(generator *g, const char *file, mu_doc_syntax syntax, mu_doc *out,
                          mu_error *err)
{
    const char *path = mu_arena_printf(g->arena, "%s/%s", g->data_dir, file);
    const char *name = mu_arena_printf(g->arena, "data/%s", file);
    if (path == NULL || name == NULL) {
        return mu_fail(err, MU_E_MEMORY, "out of memory");
    }
    char *text = NULL;
    size_t length = 0;
    mu_status status = mu_file_read(path, MU_DOC_BYTES_MAX, &text, &length, err);
    if (status != MU_OK) {
        return status;
    }
    status = mu_doc_read_text(g->arena, text, length, name, syntax, out, err);
    free(text);
    return status;
}

static mu_status read_all(generator *g, mu_error *err)
{
    mu_status status = mu_catalog_files(g->arena, g->data_dir, &g->list, err);
    if (status != MU_OK) {
        return status;
    }
    g->docs = MU_NEW(g->arena, mu_doc, g->list.file_count + CASE_FILES_MAX);
    if (g->docs == NULL) {
        return mu_fail(err, MU_E_MEMORY, "out of memory");
    }
    for (uint32_t i = 0; i < g->list.file_count; i++) {
        mu_error fault = {0};
        mu_doc *doc = &g->docs[g->doc_count];
        if (read_one(g, g->list.files[i], MU_DOC_YAML, doc, &fault) == MU_OK) {
            g->doc_count++;
        } else {
            report(g, &fault);
        }
    }
    return MU_OK;
}

static int by_text(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static bool is_case_file(const char *name)
{
    const char *end = strrchr(name, '.');
    return name[0] != '.' && end != NULL && strcmp(end, ".json") == 0;
}

/* Measured cases, if there are any, behind the catalogue's documents. */
static mu_status read_cases(generator *g, mu_error *err)
{
    const char *folder = mu_arena_printf(g->arena, "%s/measured", g->data_dir);
    DIR *stream = folder != NULL ? opendir(folder) : NULL;
    if (stream == NULL) {
        return MU_OK;
    }
    uint32_t count = 0;
    const struct dirent *entry = NULL;
    while ((entry = readdir(stream)) != NULL && count < CASE_FILES_MAX) {
        if (is_case_file(entry->d_name)) {
            g->cases[count] = mu_arena_printf(g->arena, "measured/%s", entry->d_name);
            count += g->cases[count] != NULL ? 1 : 0;
        }
    }
    (void)closedir(stream);
    qsort(g->cases, count, sizeof *g->cases, by_text);
    for (uint32_t i = 0; i < count; i++) {
        mu_doc *doc = &g->docs[g->doc_count + g->case_count];
        mu_status status = read_one(g, g->cases[i], MU_DOC_JSON, doc, err);
        if (status != MU_OK) {
            return status;
        }
        g->case_count++;
    }
    return MU_OK;
}

/* Takes the document of a faulty head out, so that the others are checked too. */
static bool drop(generator *g, const char *file)
{
    for (uint32_t i = 0; i < g->doc_count; i++) {
        if (strcmp(g->docs[i].file, file) == 0) {
            memmove(&g->docs[i], &g->docs[i + 1], (g->doc_count - i - 1) * sizeof *g->docs);
            g->doc_count--;
            return true;
        }
    }
    return false;
}

static void check_all(generator *g)
{
    mu_catalog *catalog = NULL;
    while (catalog == NULL) {
        mu_error fault = {0};
        mu_status status =
            mu_catalog_create(g->arena, g->docs, g->doc_count, g->doc_count, &catalog, &fault);
        if (status != MU_OK) {
            report(g, &fault);
            if (!drop(g, fault.file)) {
                return;
            }
        }
    }
    for (uint32_t i = 0; i < g->doc_count; i++) {
        mu_error fault = {0};
        if (mu_catalog_check(catalog, i, &fault) != MU_OK) {
            report(g, &fault);
        }
    }
}

/* As a C string; three-digit octal for what is not plain, so that no escape runs into the next. */
static void write_text(FILE *out, const char *text)
{
    if (text == NULL) {
        (void)fputs("NULL", out);
        return;
    }
    (void)fputc('"', out);
    for (const unsigned char *s = (const unsigned char *)text; *s != '\0'; s++) {
        if (*s < 0x20 || *s >= 0x7F || *s == '"' || *s == '\\' || *s == '?') {
            (void)fprintf(out, "\\%03o", (unsigned)*s);
        } else {
            (void)fputc(*s, out);
        }
    }
    (void)fputc('"', out);
}

static void write_node(FILE *out, const mu_node *node, uint32_t first_child)
{
    static const char *const kinds[] = {"MU_NODE_NULL", "MU_NODE_SCALAR", "MU_NODE_STRING",
                                        "MU_NODE_LIST", "MU_NODE_MAP"};
    (void)fprintf(out, "{%s,%u,%u,%u,", kinds[node->kind], node->line, node->column, node->count);
    write_text(out, node->key);
    (void)fputc(',', out);
    write_text(out, node->text);
    if (node->count > 0) {
        (void)fprintf(out, ",nodes+%u},\n", first_child);
    } else {
        (void)fputs(",NULL},\n", out);
    }
}

/* All nodes breadth first: the roots, then everyone's children side by side. */
typedef struct queue {
    const mu_node **nodes; /* [capacity] */
    uint32_t count;
    uint32_t capacity;
} queue;

static bool enqueue(generator *g, queue *q, const mu_node *node)
{
    if (q->count == q->capacity) {
        uint32_t capacity = q->capacity == 0 ? 65536 : 2 * q->capacity;
        const mu_node **grown = MU_NEW(g->arena, const mu_node *, capacity);
        if (grown == NULL) {
            return false;
        }
        for (uint32_t i = 0; i < q->count; i++) {
            grown[i] = q->nodes[i];
        }
        q->nodes = grown;
        q->capacity = capacity;
    }
    q->nodes[q->count++] = node;
    return true;
}

static bool order_nodes(generator *g, queue *q)
{
    bool ok = true;
    for (uint32_t i = 0; i < g->doc_count + g->case_count && ok; i++) {
        ok = enqueue(g, q, g->docs[i].root);
    }
    for (uint32_t i = 0; i < q->count && ok; i++) {
        for (uint32_t k = 0; k < q->nodes[i]->count && ok; k++) {
            ok = enqueue(g, q, &q->nodes[i]->child[k]);
        }
    }
    return ok;
}

static bool write_nodes(generator *g, FILE *out)
{
    queue q = {.count = 0};
    if (!order_nodes(g, &q)) {
        return false;
    }
    uint32_t child = g->doc_count + g->case_count;
    (void)fprintf(out, "static const mu_node nodes[%u] = {\n", q.count);
    for (uint32_t i = 0; i < q.count; i++) {
        write_node(out, q.nodes[i], child);
        child += q.nodes[i]->count;
    }
    (void)fputs("};\n\n", out);
    return true;
}

/* `name`s[] and name_count; a last empty entry keeps the array from being none. */
static void write_docs(const generator *g, FILE *out, const char *name, uint32_t first,
                       uint32_t count)
{
    (void)fprintf(out, "const mu_doc %ss[] = {\n", name);
    for (uint32_t i = first; i < first + count; i++) {
        (void)fputs("{", out);
        write_text(out, g->docs[i].file);
        (void)fprintf(out, ",nodes+%u},\n", i);
    }
    (void)fprintf(out, "{NULL,NULL}};\n\nconst uint32_t %s_count = %u;\n\n", name, count);
}

static bool write_source(generator *g, const char *path)
{
    FILE *out = fopen(path, "wb");
    if (out == NULL) {
        return false;
    }
    (void)fputs("/* SPDX-License-Identifier: Apache-2.0 */\n"
                "/* Written by tools/catalog_gen.c from data/; not to be edited. */\n"
                "#include \"catalog/builtin.h\"\n\n#include <stddef.h>\n\n",
                out);
    bool ok = write_nodes(g, out);
    write_docs(g, out, "mu_builtin_doc", 0, g->doc_count);
    write_docs(g, out, "mu_builtin_case_doc", g->doc_count, g->case_count);
    ok = !ferror(out) && ok;
    return fclose(out) == 0 && ok;
}

/* Folders too: their time changes when a file comes or goes. */
static bool write_depfile(const generator *g, const char *path, const char *target)
{
    FILE *out = fopen(path, "wb");
    if (out == NULL) {
        return false;
    }
    (void)fprintf(out, "%s:", target);
    for (uint32_t i = 0; i < g->list.folder_count; i++) {
        (void)fprintf(out, " %s/%s", g->data_dir, g->list.folders[i]);
    }
    for (uint32_t i = 0; i < g->list.file_count; i++) {
        (void)fprintf(out, " %s/%s", g->data_dir, g->list.files[i]);
    }
    for (uint32_t i = 0; i < g->case_count; i++) {
        (void)fprintf(out, " %s/%s", g->data_dir, g->cases[i]);
    }
    (void)fputc('\n', out);
    bool ok = !ferror(out);
    return fclose(out) == 0 && ok;
}

static int run(generator *g, int argc, char **argv)
{
    mu_error err = {0};
    if (read_all(g, &err) != MU_OK) {
        report(g, &err);
        return 1;
    }
    check_all(g);
    if (g->faults > 0) {
        (void)fprintf(stderr, "%u of %u catalogue files are faulty\n", g->faults,
                      g->list.file_count);
        return 1;
    }
    if (read_cases(g, &err) != MU_OK) {
        report(g, &err);
        return 1;
    }
    if (argc == 4 && (!write_source(g, argv[2]) || !write_depfile(g, argv[3], argv[2]))) {
        (void)fprintf(stderr, "%s: cannot be written\n", argv[2]);
        return 1;
    }
    return 0;
}

int main(int argc, char **argv)
{
    if (argc != 2 && argc != 4) {
        (void)fputs("usage: catalog_gen DATA_DIR [OUT.c DEPFILE]\n", stderr);
        return 2;
    }
    generator g = {.data_dir = argv[1], .arena = mu_arena_create(0)};
    if (g.arena == NULL) {
        (void)fputs("out of memory\n", stderr);
        return 1;
    }
    int result = run(&g, argc, argv);
    mu_arena_free(g.arena);
    return result;
}
