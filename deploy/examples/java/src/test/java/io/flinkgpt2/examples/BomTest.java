package io.flinkgpt2.examples;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.File;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.IntStream;
import javax.xml.parsers.DocumentBuilderFactory;
import javax.xml.xpath.XPath;
import javax.xml.xpath.XPathConstants;
import javax.xml.xpath.XPathFactory;
import org.junit.jupiter.api.Test;
import org.w3c.dom.Document;
import org.w3c.dom.Element;
import org.w3c.dom.NodeList;

/** The BOM and this project have no parent, and the versions of the build all the same. */
class BomTest {

    private final XPath xpath = XPathFactory.newInstance().newXPath();
    private final Document parent = parse("pom.xml");
    private final Document bom = parse("deploy/bom/pom.xml");
    private final Document examples = parse("deploy/examples/java/pom.xml");

    private static Document parse(String file) {
        try {
            return DocumentBuilderFactory.newInstance().newDocumentBuilder().parse(new File(file));
        } catch (Exception e) {
            throw new AssertionError(file, e);
        }
    }

    private String text(Document pom, String path) throws Exception {
        String text = xpath.evaluate(path, pom).strip();
        assertThat(text).as(path).isNotEmpty();
        return text;
    }

    private List<Element> elements(Document pom, String path) throws Exception {
        NodeList nodes = (NodeList) xpath.evaluate(path, pom, XPathConstants.NODESET);
        return IntStream.range(0, nodes.getLength())
                .mapToObj(i -> (Element) nodes.item(i))
                .toList();
    }

    private static String child(Element element, String name) {
        return element.getElementsByTagName(name).item(0).getTextContent().strip();
    }

    @Test
    void theVersionIsThatOfTheBuild() throws Exception {
        String version = text(parent, "/project/version");
        assertThat(text(bom, "/project/version")).isEqualTo(version);
        assertThat(text(examples, "/project/properties/flink-gpt2.version")).isEqualTo(version);
        assertThat(text(examples, "/project/properties/flink.version"))
                .isEqualTo(text(parent, "/project/properties/flink.version"));
    }

    @Test
    void theBomHasOurLibrariesAndTheOnlyKafkaClientThatWorks() throws Exception {
        Map<String, String> managed = new TreeMap<>();
        for (Element dependency : elements(bom, "/project/dependencyManagement/dependencies/dependency")) {
            managed.put(child(dependency, "artifactId"), child(dependency, "version"));
        }
        assertThat(managed)
                .containsEntry("flink-gpt2-model-core", "${project.version}")
                .containsEntry("flink-gpt2-job", "${project.version}")
                .containsEntry("kafka-clients", text(parent, "/project/properties/kafka.version"));
    }

    @Test
    void testsAndPluginsHereAreThoseOfTheBuild() throws Exception {
        List<String> versions = new ArrayList<>();
        for (Element plugin : elements(examples, "/project/build/plugins/plugin")) {
            versions.add(child(plugin, "artifactId"));
            String path = "/project/build//plugin[artifactId='" + child(plugin, "artifactId") + "']/version";
            assertThat(child(plugin, "version")).as(path).isEqualTo(text(parent, path));
        }
        assertThat(versions).contains("maven-compiler-plugin", "maven-surefire-plugin");
        for (String name : List.of("junit", "assertj")) {
            String artifact = name.equals("junit") ? "junit-jupiter" : "assertj-core";
            assertThat(text(examples, "/project/dependencies/dependency[artifactId='" + artifact + "']/version"))
                    .isEqualTo(text(parent, "/project/properties/" + name + ".version"));
        }
    }
}
