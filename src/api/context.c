/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Contexts: a catalogue and the last message.
 */
#include "api/handle.h"

#include "io/catalog_load.h"

#include <stdlib.h>

/* The public numbers are those inside. */
_Static_assert((int)MUSTER_OK == (int)MU_OK, "status numbers");
_Static_assert((int)MUSTER_NO == (int)MU_NO, "status numbers");
_Static_assert((int)MUSTER_E_USAGE == (int)MU_E_USAGE, "status numbers");
_Static_assert((int)MUSTER_E_INPUT == (int)MU_E_INPUT, "status numbers");
_Static_assert((int)MUSTER_E_MEMORY == (int)MU_E_MEMORY, "status numbers");
_Static_assert((int)MUSTER_E_SYSTEM == (int)MU_E_SYSTEM, "status numbers");
_Static_assert((int)MUSTER_E_CANCELLED == (int)MU_E_CANCELLED, "status numbers");

const char *muster_version(void)
{
    return MUSTER_VERSION;
}

const char *muster_status_text(muster_status status)
{
    return mu_status_text((mu_status)status);
}

mu_error *mu_api_begin(muster_context *context)
{
    context->error = (mu_error){0};
    context->message[0] = '\0';
    return &context->error;
}

muster_status mu_api_end(muster_context *context, mu_status status)
{
    if (status != MU_OK) {
        mu_error_format(&context->error, context->message, sizeof context->message);
    }
    return (muster_status)status;
}

muster_status muster_context_create(const char *overlay, muster_context **out)
{
    muster_context *context = calloc(1, sizeof *context);
    *out = NULL;
    if (context == NULL) {
        return MUSTER_E_MEMORY;
    }
    context->arena = mu_arena_create(0);
    if (context->arena == NULL) {
        free(context);
        return MUSTER_E_MEMORY;
    }
    *out = context;
    mu_error *err = mu_api_begin(context);
    return mu_api_end(context, mu_catalog_load(context->arena, overlay, &context->catalog, err));
}

void muster_context_free(muster_context *context)
{
    if (context != NULL) {
        mu_arena_free(context->arena);
        free(context);
    }
}

const char *muster_message(const muster_context *context)
{
    return context->message;
}
