# Sourced by the scripts beside it: builds what is out of date, and becomes the Java program behind the script.

# run_test_class NAME ARGUMENTS: the class io.flinkgpt2.deploy.NAME of the tests
run_test_class() {
  local deploy classes class_path name=$1
  shift
  deploy=$(dirname -- "$(dirname -- "$(readlink -f -- "${BASH_SOURCE[0]}")")")
  classes=$deploy/target/test-classes
  class_path=$deploy/target/test-classpath.txt

  # Builds the job where it is out of date.
  "$deploy/bin/flink-gpt2" --version >/dev/null
  if [[ ! -f $class_path || -n $(find "$deploy/src/test" -newer "$class_path" -print -quit) ]]; then
    (cd "$deploy/.." && mvn -q -B -DskipTests -Dspotless.check.skip=true package) >&2
    touch "$class_path"
  fi

  exec "${JAVA_HOME:+$JAVA_HOME/bin/}java" -Dlauncher="$deploy/bin/flink-gpt2" \
    -Dlog4j2.configurationFile="$deploy/conf/log4j2.properties" \
    -cp "$classes:$(<"$class_path")" "io.flinkgpt2.deploy.$name" "$@"
}
