/* Which modules are being called on this thread, so that an op knows its layer although native code has no Python frame. */
typedef struct wb_running {
    PyObject *module;
    struct wb_running *outer;
} wb_running;

static __thread wb_running *wb_innermost __attribute__((tls_model("initial-exec")));

static inline void wb_enter(wb_running *here, PyObject *module) {
    here->module = module;
    here->outer = wb_innermost;
    wb_innermost = here;
}
static inline void wb_leave(wb_running *here) { wb_innermost = here->outer; }

/* The modules that an error leaves are written on it, as `running_modules`, innermost first: when somebody reads it, they run no longer. */
static void wb_note_failure(PyObject *module) {
    PyObject *type, *error, *trace, *list = NULL;
    PyErr_Fetch(&type, &error, &trace);
    PyErr_NormalizeException(&type, &error, &trace);
    if (error && !(list = PyObject_GetAttrString(error, "running_modules"))) {
        PyErr_Clear();
        if ((list = PyList_New(0)) && PyObject_SetAttrString(error, "running_modules", list)) PyErr_Clear();
    }
    if (list && PyList_CheckExact(list) && PyList_Append(list, module)) PyErr_Clear();
    Py_XDECREF(list);
    PyErr_Restore(type, error, trace);
}

/* The function behind module.forward where it can be called with the module as an argument, else NULL. CPython makes a bound method of a
   name that is asked of a class with a __getattr__, as every module's is. */
static PyObject *wb_plain_forward(PyObject *module, PyObject *name) {
    static PyObject *getattribute;
    PyTypeObject *t = Py_TYPE(module);
    PyObject *f = _PyType_Lookup(t, name), **own = _PyObject_GetDictPtr(module);
    if (!f || !PyType_HasFeature(Py_TYPE(f), Py_TPFLAGS_METHOD_DESCRIPTOR)) return NULL;
    if (!getattribute && !(getattribute = PyUnicode_InternFromString("__getattribute__"))) return NULL;
    if (_PyType_Lookup(t, getattribute) != _PyType_Lookup(&PyBaseObject_Type, getattribute)) return NULL;
    return own && *own && PyDict_GetItemWithError(*own, name) ? NULL : f;
}

/* module.forward(*args), st[0] being the module and name "forward" */
static PyObject *wb_run_module(PyObject *name, PyObject **st, size_t n, PyObject *kw) {
    wb_running here;
    PyObject *r, *f = wb_plain_forward(st[0], name);
    wb_enter(&here, st[0]);
    if (f) {
        Py_INCREF(f);
        r = PyObject_Vectorcall(f, st, n, kw);
        Py_DECREF(f);
    } else r = PyErr_Occurred() ? NULL : PyObject_VectorcallMethod(name, st, n, kw);
    wb_leave(&here);
    if (!r) wb_note_failure(st[0]);
    return r;
}
