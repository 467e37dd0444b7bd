package io.flinkgpt2.cli.bench;

import io.flinkgpt2.benchmark.MachineLimits;
import io.flinkgpt2.cli.common.OutputFiles;
import io.flinkgpt2.tensor.Precision;
import java.awt.Color;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import org.knowm.xchart.VectorGraphicsEncoder;
import org.knowm.xchart.VectorGraphicsEncoder.VectorGraphicsFormat;
import org.knowm.xchart.XYChart;
import org.knowm.xchart.XYChartBuilder;
import org.knowm.xchart.XYSeries;
import org.knowm.xchart.style.Styler;
import org.knowm.xchart.style.markers.SeriesMarkers;

/**
 * Decoded tokens a second over streams, of each precision, each with its roofline (Williams et al., 2009): the lesser of
 * what the memory allows, one reading of the weights for a token of each stream, and what the arithmetic allows.
 */
final class BenchChart {

    private static final int WIDTH = 900;
    private static final int HEIGHT = 560;

    private BenchChart() {}

    /** @throws IOException if the file cannot be written */
    static void write(BenchResults results, Path file) throws IOException {
        XYChart chart = new XYChartBuilder()
                .width(WIDTH)
                .height(HEIGHT)
                .title("Decoding: throughput over streams")
                .xAxisTitle("streams")
                .yAxisTitle("tokens/s")
                .build();
        chart.getStyler().setXAxisLogarithmic(true).setYAxisLogarithmic(true);
        chart.getStyler().setLegendPosition(Styler.LegendPosition.InsideNW);
        List<Precision> precisions =
                results.runs().stream().map(BenchRun::precision).distinct().toList();
        for (Precision precision : precisions) {
            List<BenchRun> runs = results.runs().stream()
                    .filter(run -> run.precision() == precision)
                    .sorted(Comparator.comparingInt(BenchRun::totalStreams))
                    .toList();
            double[] streams = runs.stream().mapToDouble(BenchRun::totalStreams).toArray();
            String name = precision.name().toLowerCase(Locale.ROOT);
            double[] measured = runs.stream()
                    .mapToDouble(run -> run.run().decodeTokensPerSecond())
                    .toArray();
            double[] bound = runs.stream()
                    .mapToDouble(run -> roofline(run, results.limits()))
                    .toArray();
            Color color = color(precision);
            XYSeries decoded = chart.addSeries(name, streams, measured);
            decoded.setLineColor(color);
            decoded.setMarkerColor(color);
            XYSeries roof = chart.addSeries(name + " roofline", streams, bound);
            roof.setLineColor(roofColor(precision));
            roof.setMarker(SeriesMarkers.NONE);
        }
        // In memory first: the encoder reports what a file refuses as a fault of its XML.
        ByteArrayOutputStream svg = new ByteArrayOutputStream();
        VectorGraphicsEncoder.saveVectorGraphic(chart, svg, VectorGraphicsFormat.SVG);
        OutputFiles.write(file, svg::writeTo);
    }

    /** Returns the color of the measured points. */
    static Color color(Precision precision) {
        return switch (precision) {
            case F32 -> new Color(31, 119, 180);
            case BF16 -> new Color(44, 160, 44);
            case INT8 -> new Color(214, 39, 40);
        };
    }

    /** Returns the color of the roofline: half way to white. */
    static Color roofColor(Precision precision) {
        Color color = color(precision);
        return new Color((color.getRed() + 255) / 2, (color.getGreen() + 255) / 2, (color.getBlue() + 255) / 2);
    }

    /** Returns the most tokens a second that the limits allow; each engine reads the weights for its own streams. */
    static double roofline(BenchRun run, MachineLimits limits) {
        double byMemory = limits.readGbPerSecond()
                * 1e9
                / run.work().matrixBytes()
                * run.workload().streams();
        double byArithmetic = limits.fmaGflops() * 1e9 / run.work().operations(1, 1);
        return Math.min(byMemory, byArithmetic);
    }
}
