package io.flinkgpt2.local.web;

import java.lang.reflect.Field;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import org.apache.flink.api.java.tuple.Tuple2;
import org.apache.flink.runtime.rest.RestServerEndpoint;
import org.apache.flink.runtime.rest.handler.RestHandlerSpecification;

/** The routes of a running web port, as its own endpoint has them; found by reflection, for Flink does not show them. */
final class RestRoutes {

    private RestRoutes() {}

    /** A method and a path, with values in place of the parameters. */
    record Route(String method, String path) {}

    /** All routes, static files as {@code GET /}. */
    static List<Route> of(Object localFlink) throws ReflectiveOperationException {
        Object cluster = field(localFlink, "cluster");
        Object component = ((Collection<?>) field(cluster, "dispatcherResourceManagerComponents"))
                .iterator()
                .next();
        List<?> handlers =
                (List<?>) field(field(component, "webMonitorEndpoint"), RestServerEndpoint.class, "handlers");
        List<Route> routes = new ArrayList<>();
        for (Object handler : handlers) {
            RestHandlerSpecification specification = (RestHandlerSpecification) ((Tuple2<?, ?>) handler).f0;
            String path = specification.getTargetRestEndpointURL();
            String value = "0123456789abcdef0123456789abcdef";
            routes.add(new Route(
                    specification.getHttpMethod().name(),
                    path.equals("/:*") ? "/" : path.replaceAll(":[A-Za-z]+", value)));
        }
        return routes;
    }

    private static Object field(Object object, String name) throws ReflectiveOperationException {
        return field(object, object.getClass(), name);
    }

    private static Object field(Object object, Class<?> type, String name) throws ReflectiveOperationException {
        Field field = type.getDeclaredField(name);
        field.setAccessible(true);
        return field.get(object);
    }
}
