package io.flinkgpt2.validation;

import io.flinkgpt2.tensor.Kernels;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;

/** The best kernels, but for one of them. */
final class WrongKernels {

    private WrongKernels() {}

    /** Changes what a kernel was given, or has left in its arguments. */
    @FunctionalInterface
    interface Mistake {
        void spoil(Object[] arguments);
    }

    static Kernels before(String kernel, Mistake mistake) {
        return with(kernel, mistake, arguments -> {});
    }

    static Kernels after(String kernel, Mistake mistake) {
        return with(kernel, arguments -> {}, mistake);
    }

    private static Kernels with(String kernel, Mistake before, Mistake after) {
        Kernels right = Kernels.best();
        return (Kernels) Proxy.newProxyInstance(
                Kernels.class.getClassLoader(), new Class<?>[] {Kernels.class}, (proxy, method, arguments) -> {
                    try {
                        if (!method.getName().equals(kernel)) {
                            return method.invoke(right, arguments);
                        }
                        before.spoil(arguments);
                        Object result = method.invoke(right, arguments);
                        after.spoil(arguments);
                        return result;
                    } catch (InvocationTargetException e) {
                        throw e.getCause();
                    }
                });
    }
}
