#!/usr/bin/env bash
# Keeps the contract of the entrypoint of Flink's images as far as the job's image depends on it: lines of FLINK_PROPERTIES become
# settings, and standalone-job and taskmanager start a process with the sizes and JVM options that the settings say.
set -euo pipefail

export FLINK_CONF_DIR=$FLINK_HOME/conf FLINK_LIB_DIR=$FLINK_HOME/lib FLINK_PLUGINS_DIR=$FLINK_HOME/plugins

# Flink's own class for scripts: it reads and changes the configuration, and derives sizes.
utils() {
  java -cp "$FLINK_LIB_DIR/*" org.apache.flink.runtime.util.bash.BashJavaUtils "$1" --configDir "$FLINK_CONF_DIR" "${@:2}" |
    sed -n 's/^BASH_JAVA_UTILS_EXEC_RESULT://p'
}

settings=("-Djobmanager.rpc.address=${JOB_MANAGER_RPC_ADDRESS:-$(hostname)}" -Dblob.server.port=6124 -Dquery.server.port=6125)
while IFS= read -r line; do
  [[ $line =~ ^[[:space:]]*([^:[:space:]]+):[[:space:]]*(.*[^[:space:]])[[:space:]]*$ ]] || continue
  settings+=("-D${BASH_REMATCH[1]}=${BASH_REMATCH[2]}")
done <<<"${FLINK_PROPERTIES:-}"
configuration=$(utils UPDATE_AND_GET_FLINK_CONFIGURATION "${settings[@]}")
printf '%s\n' "$configuration" >"$FLINK_CONF_DIR/config.yaml"
flat=$(utils UPDATE_AND_GET_FLINK_CONFIGURATION -flatten)
setting() { sed -n "s/^$1: //p" <<<"$flat" | sed 's/^"\(.*\)"$/\1/'; }

case ${1:-} in
  standalone-job)
    role=jobmanager
    sizes=$(utils GET_JM_RESOURCE_PARAMS)
    main=org.apache.flink.container.entrypoint.StandaloneApplicationClusterEntryPoint
    ;;
  taskmanager)
    role=taskmanager
    sizes=$(utils GET_TM_RESOURCE_PARAMS)
    main=org.apache.flink.runtime.taskexecutor.TaskManagerRunner
    ;;
  *) exec "$@" ;;
esac
# Words of their own.
# shellcheck disable=SC2206
jvm=(${sizes%%$'\n'*} $(setting "env.java.default-opts.all") $(setting "env.java.opts.all")
  $(setting "env.java.default-opts.$role") $(setting "env.java.opts.$role"))
# shellcheck disable=SC2206
dynamic=(${sizes#*$'\n'})
exec java "${jvm[@]}" "-Dlog4j.configurationFile=$FLINK_CONF_DIR/log4j-console.properties" -cp "$FLINK_LIB_DIR/*" "$main" \
  "${dynamic[@]}" --configDir "$FLINK_CONF_DIR" "${@:2}"
