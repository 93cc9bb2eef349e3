#ifndef SWITCHYARD_CLIBPQ_SHIM_H
#define SWITCHYARD_CLIBPQ_SHIM_H

#include <libpq-fe.h>
#include <malloc.h>
#include <postgres_ext.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>

/* Macros of character literals reach Swift as integers of odd types or not at all. */
enum {
    SWITCHYARD_DIAG_SEVERITY = PG_DIAG_SEVERITY_NONLOCALIZED,
    SWITCHYARD_DIAG_SQLSTATE = PG_DIAG_SQLSTATE,
    SWITCHYARD_DIAG_MESSAGE_PRIMARY = PG_DIAG_MESSAGE_PRIMARY,
    SWITCHYARD_DIAG_TABLE_NAME = PG_DIAG_TABLE_NAME,
    SWITCHYARD_DIAG_COLUMN_NAME = PG_DIAG_COLUMN_NAME,
    SWITCHYARD_DIAG_CONSTRAINT_NAME = PG_DIAG_CONSTRAINT_NAME,
};

/* Gives what malloc holds free back to the system; other C libraries than glibc do so by themselves. */
static inline void switchyard_give_back_memory(void) {
#ifdef __GLIBC__
    malloc_trim(0);
#endif
}

#endif
