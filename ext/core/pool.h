#pragma once
/* One pool of threads for everything. A job is `parts` pieces; how many is decided from shapes by the caller, never from the
   number of threads, so results do not depend on it. Returns 0 or the nonzero code of the lowest failing part. */
typedef int (*wb_task)(void *arg, long part);
int  wb_pool_run(wb_task task, void *arg, long parts);
void wb_pool_set_threads(int n);   /* takes effect at the next job */
int  wb_pool_threads(void);
void wb_pool_set_spin(long ns);    /* how long a worker looks for work before it sleeps */
int  wb_pool_init(int threads, long spin_ns);
void wb_pool_stats(long out[4]);   /* jobs, jobs run serially because the pool was busy or nested, wakes by futex, live workers */
int  wb_pool_slot(void);           /* which thread of the pool runs this: 0 the caller, below wb_pool_slots(); for scratch memory */
int  wb_pool_slots(void);
