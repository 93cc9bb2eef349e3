#ifndef SWITCHYARD_CLIBPQ_SHIM_H
#define SWITCHYARD_CLIBPQ_SHIM_H

#include <libpq-fe.h>
#include <malloc.h>
#include <postgres_ext.h>
#include <stdint.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

/* Macros of character literals reach Swift as integers of odd types or not at all. */
enum {
    SWITCHYARD_DIAG_SEVERITY = PG_DIAG_SEVERITY_NONLOCALIZED,
    SWITCHYARD_DIAG_SQLSTATE = PG_DIAG_SQLSTATE,
    SWITCHYARD_DIAG_MESSAGE_PRIMARY = PG_DIAG_MESSAGE_PRIMARY,
    SWITCHYARD_DIAG_TABLE_NAME = PG_DIAG_TABLE_NAME,
    SWITCHYARD_DIAG_COLUMN_NAME = PG_DIAG_COLUMN_NAME,
    SWITCHYARD_DIAG_CONSTRAINT_NAME = PG_DIAG_CONSTRAINT_NAME,
    SWITCHYARD_DIAG_CONTEXT = PG_DIAG_CONTEXT,
};

/* Gives what malloc holds free back to the system; other C libraries than glibc do so by themselves. */
static inline void switchyard_release_memory(void) {
#ifdef __GLIBC__
    malloc_trim(0);
#endif
}

/* Has blocks of a megabyte and more go back to the system when they are freed, and each arena keep four megabytes at most. */
static inline void switchyard_limit_retention(void) {
#ifdef __GLIBC__
    mallopt(M_MMAP_THRESHOLD, 1 << 20);
    mallopt(M_TRIM_THRESHOLD, 4 << 20);
#endif
}

/* How many bytes malloc has given out and not had back, in all arenas and mappings; 0 where the C library does not count them. */
static inline size_t switchyard_memory_in_use(void) {
#if defined(__GLIBC__) && __GLIBC_PREREQ(2, 33)
    struct mallinfo2 all = mallinfo2();
    return all.uordblks + all.hblkhd;
#else
    return 0;
#endif
}

#endif
