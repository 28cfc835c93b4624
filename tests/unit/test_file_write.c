/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Goal:   a file is written whole or stays as it was, and nothing is left beside it.
 * Method: a directory of our own; files begun, ended, dropped, written over; a device; a disk that
 *         is full.
 */
#include "io/file_write.h"

#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static char folder[64];
static char path[128];

static int make_folder(void **state)
{
    (void)state;
    (void)snprintf(folder, sizeof folder, "/tmp/muster-file-XXXXXX");
    if (mkdtemp(folder) == NULL) {
        return -1;
    }
    (void)snprintf(path, sizeof path, "%s/answer", folder);
    return 0;
}

static int remove_folder(void **state)
{
    (void)state;
    unlink(path);
    return rmdir(folder);
}

static uint32_t files_in_folder(void)
{
    uint32_t count = 0;
    DIR *directory = opendir(folder);
    assert_non_null(directory);
    for (const struct dirent *e = readdir(directory); e != NULL; e = readdir(directory)) {
        count += e->d_name[0] != '.' ? 1 : 0;
    }
    closedir(directory);
    return count;
}

static void assert_content(const char *want)
{
    char got[64] = "";
    FILE *in = fopen(path, "r");
    assert_non_null(in);
    size_t length = fread(got, 1, sizeof got - 1, in);
    fclose(in);
    got[length] = '\0';
    assert_string_equal(got, want);
}

static mu_status write_text(void *context, FILE *out, mu_error *err)
{
    (void)err;
    fputs(context, out);
    return MU_OK;
}

static void whole(void **state)
{
    (void)state;
    mu_error err = {0};
    struct stat found;
    char first[] = "first";
    char second[] = "second";
    assert_int_equal(mu_file_write(path, write_text, first, &err), MU_OK);
    assert_content("first");
    assert_int_equal(mu_file_write(path, write_text, second, &err), MU_OK);
    assert_content("second");
    assert_int_equal(files_in_folder(), 1);
    assert_int_equal(stat(path, &found), 0);
    assert_int_equal(found.st_mode & 0777, 0644);
}

/* Until it ends the old file stands; when it fails nothing else is left. */
static void dropped(void **state)
{
    (void)state;
    mu_error err = {0};
    mu_file file;
    char old[] = "old";
    assert_int_equal(mu_file_write(path, write_text, old, &err), MU_OK);
    assert_int_equal(mu_file_begin(path, &file, &err), MU_OK);
    fputs("half", file.out);
    fflush(file.out);
    assert_content("old");
    assert_int_equal(files_in_folder(), 2);
    assert_int_equal(mu_file_end(&file, MU_E_INPUT, &err), MU_E_INPUT);
    assert_content("old");
    assert_int_equal(files_in_folder(), 1);
    assert_int_equal(mu_file_end(&file, MU_OK, &err), MU_OK); /* not open any more */
    assert_content("old");
}

static void nowhere(void **state)
{
    (void)state;
    mu_error err = {0};
    mu_file file;
    assert_int_equal(mu_file_begin("/no/such/folder/answer", &file, &err), MU_E_SYSTEM);
    assert_string_equal(err.text, "cannot write /no/such/folder/answer: No such file or directory");
    assert_null(file.out);
    err = (mu_error){0};
    assert_int_equal(mu_file_begin(folder, &file, &err), MU_E_SYSTEM);
    assert_non_null(strstr(err.text, "Is a directory"));
    err = (mu_error){0};
    char longest[MU_FILE_PATH_MAX];
    memset(longest, 'x', sizeof longest - 1);
    longest[sizeof longest - 1] = '\0';
    assert_int_equal(mu_file_begin(longest, &file, &err), MU_E_SYSTEM);
    assert_non_null(strstr(err.text, "too long"));
}

static void device(void **state)
{
    (void)state;
    mu_error err = {0};
    struct stat found;
    char text[] = "text";
    assert_int_equal(mu_file_write("/dev/null", write_text, text, &err), MU_OK);
    assert_int_equal(stat("/dev/null", &found), 0);
    assert_false(S_ISREG(found.st_mode));
    if (access("/dev/full", W_OK) == 0) {
        assert_int_equal(mu_file_write("/dev/full", write_text, text, &err), MU_E_SYSTEM);
        assert_string_equal(err.text, "cannot write /dev/full: No space left on device");
    }
}

static void drop_all(void **state)
{
    (void)state;
    mu_error err = {0};
    mu_file file[MU_FILES_MOST + 1];
    for (int i = 0; i <= MU_FILES_MOST; i++) {
        assert_int_equal(mu_file_begin(path, &file[i], &err), MU_OK);
    }
    mu_file_drop_all();
    for (int i = 0; i <= MU_FILES_MOST; i++) {
        bool listed = i < MU_FILES_MOST;
        assert_int_equal(access(file[i].temporary, F_OK), listed ? -1 : 0);
        assert_int_equal(mu_file_end(&file[i], MU_NO, &err), MU_NO);
    }
    mu_file_drop_all();
    char text[] = "text";
    assert_int_equal(mu_file_write(path, write_text, text, &err), MU_OK);
    mu_file_drop_all();
    assert_int_equal(access(path, F_OK), 0); /* ended: no longer listed */
}

static void same(void **state)
{
    (void)state;
    mu_error err = {0};
    char one[600];
    char other[600];
    char text[] = "text";
    (void)snprintf(one, sizeof one, "%s/one", folder);
    (void)snprintf(other, sizeof other, "%s/./one", folder);
    assert_true(mu_file_same(one, one)); /* not there yet */
    assert_int_equal(mu_file_write(one, write_text, text, &err), MU_OK);
    assert_true(mu_file_same(one, other));
    assert_false(mu_file_same(one, "/dev/null"));
    assert_false(mu_file_same("/dev/null", "/dev/null"));
    assert_false(mu_file_same(NULL, NULL));
    assert_false(mu_file_same("", ""));
    assert_int_equal(unlink(one), 0);
    assert_false(mu_file_same(one, other)); /* two names of what is not there */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(whole),  cmocka_unit_test(dropped),  cmocka_unit_test(nowhere),
        cmocka_unit_test(device), cmocka_unit_test(drop_all), cmocka_unit_test(same),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
