/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Replays a corpus through a fuzz target without a fuzzer.
 *
 * What:  runs LLVMFuzzerTestOneInput on the empty input and on every file of a folder, in order of
 *        name, and on every prefix of small ones.
 * Why:   past findings are tested in the normal suite, with any compiler.
 * Bound: plain files up to 1 MiB; all prefixes of files up to 512 bytes.
 */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { INPUT_MAX = 1048576, PREFIXES_MAX = 512 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A copy of exact size, so that a sanitizer sees a read past the end. */
static void run_exact(const uint8_t *data, size_t size)
{
    uint8_t *copy = malloc(size == 0 ? 1 : size);
    if (copy == NULL) {
        exit(1);
    }
    if (size > 0) {
        memcpy(copy, data, size);
    }
    (void)LLVMFuzzerTestOneInput(copy, size);
    free(copy);
}

static int run_file(const char *folder, const char *name, uint8_t *buffer)
{
    char path[1024];
    (void)snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *file = fopen(path, "rb");
    if (file == NULL) {
        (void)fprintf(stderr, "cannot read %s\n", path);
        return 1;
    }
    size_t size = fread(buffer, 1, INPUT_MAX, file);
    (void)fclose(file);
    run_exact(buffer, size);
    for (size_t part = 0; size <= PREFIXES_MAX && part < size; part++) {
        run_exact(buffer, part);
    }
    return 0;
}

int main(int argc, char **argv)
{
    if (argc != 2) {
        (void)fprintf(stderr, "usage: replay FOLDER\n");
        return 2;
    }
    struct dirent **entries = NULL;
    int count = scandir(argv[1], &entries, NULL, alphasort);
    uint8_t *buffer = malloc(INPUT_MAX);
    if (count < 0 || buffer == NULL) {
        (void)fprintf(stderr, "cannot list %s\n", argv[1]);
        free(buffer);
        return 1;
    }
    int failed = 0;
    int files = 0;
    run_exact(buffer, 0);
    for (int i = 0; i < count; i++) {
        if (entries[i]->d_name[0] != '.') {
            failed += run_file(argv[1], entries[i]->d_name, buffer);
            files++;
        }
        free(entries[i]);
    }
    free(entries);
    free(buffer);
    (void)printf("%d inputs replayed\n", files);
    return files == 0 || failed != 0;
}
