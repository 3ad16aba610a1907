#pragma once
const char *wb_dispatch(const char *force);          /* register the best level's kernels, or those of `force`; its name, NULL: not built or cannot run */
const char *wb_levels(void);                         /* "v3 v2": of what was built, what this CPU can run, best first */
