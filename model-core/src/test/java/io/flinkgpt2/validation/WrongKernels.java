package io.flinkgpt2.validation;

import io.flinkgpt2.tensor.Kernels;
import io.flinkgpt2.tensor.MatrixProduct;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
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

    /** Kernels with a mistake in one of them, or in the {@code multiply} of their product. */
    private static Kernels with(String kernel, Mistake before, Mistake after) {
        Kernels right = Kernels.best();
        MatrixProduct product = with(MatrixProduct.class, right.product(), kernel, before, after);
        Kernels wrong = with(Kernels.class, right, kernel, before, after);
        return with(Kernels.class, wrong, product);
    }

    /** Kernels with another product. */
    private static Kernels with(Class<Kernels> type, Kernels kernels, MatrixProduct product) {
        return type.cast(Proxy.newProxyInstance(
                type.getClassLoader(),
                new Class<?>[] {type},
                (proxy, method, arguments) ->
                        method.getName().equals("product") ? product : invoke(method, kernels, arguments)));
    }

    private static <T> T with(Class<T> type, T right, String name, Mistake before, Mistake after) {
        return type.cast(Proxy.newProxyInstance(
                type.getClassLoader(), new Class<?>[] {type}, (proxy, method, arguments) -> {
                    if (!method.getName().equals(name)) {
                        return invoke(method, right, arguments);
                    }
                    before.spoil(arguments);
                    Object result = invoke(method, right, arguments);
                    after.spoil(arguments);
                    return result;
                }));
    }

    private static Object invoke(Method method, Object target, Object[] arguments) throws Throwable {
        try {
            return method.invoke(target, arguments);
        } catch (InvocationTargetException e) {
            throw e.getCause();
        }
    }
}
