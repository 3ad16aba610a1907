/* One step of an optimizer for one parameter, in place. in: the gradient; out: the parameter and its state, all dense in one memory order.
   Numerics are those of PyTorch's single-tensor forms, in one pass over memory. */
#include "map.h"

enum { OPTIM_PART = 1 << 15 };

/* sgd_step: out = parameter, velocity (NULL without momentum);
   f = learning rate, momentum, dampening, weight decay, maximize, nesterov, 1 where the velocity is to be begun.
   adam_step: out = parameter, mean, mean of squares, maximum of it (NULL unless amsgrad);
   f = learning rate, beta1, beta2, eps, weight decay, 1 where that is decoupled, maximize, 1 - beta1^t, sqrt(1 - beta2^t). */
#define OPTIM(S, T, U, D, F) \
    static int sgd_part_##S(void *arg, long part) { \
        const wb_call *c = arg; \
        const long lo = part * OPTIM_PART, n = WB_MIN((long)OPTIM_PART, c->in[0]->n - lo); \
        const T *g_ = (const T *)c->in[0]->data + lo; \
        T *p_ = (T *)c->out[0]->data + lo; \
        T *v_ = c->n_out > 1 && c->out[1] ? (T *)c->out[1]->data + lo : NULL; \
        const T lr = (T)c->f[0], momentum = (T)c->f[1], fresh = (T)(1 - c->f[2]), decay = (T)c->f[3], sign = c->f[4] != 0 ? -1 : 1; \
        const int nesterov = c->f[5] != 0; \
        if (!v_) WB_EACH { const T p = p_[i]; p_[i] = p - lr * (sign * g_[i] + decay * p); } \
        else if (c->f[6] != 0) WB_EACH { \
            const T p = p_[i], g = sign * g_[i] + decay * p; \
            v_[i] = g; \
            p_[i] = p - lr * (nesterov ? g + momentum * g : g); \
        } \
        else WB_EACH { \
            const T p = p_[i], g = sign * g_[i] + decay * p, v = momentum * v_[i] + fresh * g; \
            v_[i] = v; \
            p_[i] = p - lr * (nesterov ? g + momentum * v : v); \
        } \
        return WB_OK; \
    } \
    static int adam_part_##S(void *arg, long part) { \
        const wb_call *c = arg; \
        const long lo = part * OPTIM_PART, n = WB_MIN((long)OPTIM_PART, c->in[0]->n - lo); \
        const T *g_ = (const T *)c->in[0]->data + lo; \
        T *p_ = (T *)c->out[0]->data + lo, *m_ = (T *)c->out[1]->data + lo, *s_ = (T *)c->out[2]->data + lo; \
        T *top_ = c->n_out > 3 && c->out[3] ? (T *)c->out[3]->data + lo : NULL; \
        const double *f = c->f; \
        const int decoupled = f[5] != 0; \
        const T beta1 = (T)f[1], rest1 = (T)(1 - f[1]), beta2 = (T)f[2], rest2 = (T)(1 - f[2]), eps = (T)f[3], sign = f[6] != 0 ? -1 : 1; \
        const T keep = decoupled ? (T)(1 - f[0] * f[4]) : 1, decay = decoupled ? 0 : (T)f[4], rate = (T)(f[0] / f[7]), root = (T)(1 / f[8]); \
        if (!top_) WB_EACH { \
            const T p = p_[i] * keep, g = sign * g_[i] + decay * p, m = beta1 * m_[i] + rest1 * g, s = beta2 * s_[i] + rest2 * g * g; \
            m_[i] = m; \
            s_[i] = s; \
            p_[i] = p - rate * m / (sqrt##F(s) * root + eps); \
        } \
        else WB_EACH { \
            const T p = p_[i] * keep, g = sign * g_[i] + decay * p, m = beta1 * m_[i] + rest1 * g, s = beta2 * s_[i] + rest2 * g * g; \
            const T top = ((s > top_[i]) | (s != s)) ? s : top_[i]; \
            m_[i] = m; \
            s_[i] = s; \
            top_[i] = top; \
            p_[i] = p - rate * m / (sqrt##F(top) * root + eps); \
        } \
        return WB_OK; \
    } \
    static int sgd_step_##S(const wb_call *c) { return wb_pool_run(sgd_part_##S, (void *)c, (c->in[0]->n + OPTIM_PART - 1) / OPTIM_PART); } \
    static int adam_step_##S(const wb_call *c) { return wb_pool_run(adam_part_##S, (void *)c, (c->in[0]->n + OPTIM_PART - 1) / OPTIM_PART); }
WB_EACH_FLOAT(OPTIM)

WB_FAMILY(optim) {
    WB_KERNEL("sgd_step", WB_F32, WB_CALL, WB_STRIDED, sgd_step_f32);
    WB_KERNEL("sgd_step", WB_F64, WB_CALL, WB_STRIDED, sgd_step_f64);
    WB_KERNEL("adam_step", WB_F32, WB_CALL, WB_STRIDED, adam_step_f32);
    WB_KERNEL("adam_step", WB_F64, WB_CALL, WB_STRIDED, adam_step_f64);
}
