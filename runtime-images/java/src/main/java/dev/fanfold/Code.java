package dev.fanfold;

import java.io.IOException;
import java.io.StringWriter;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.jar.JarFile;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import javax.tools.JavaCompiler;
import javax.tools.ToolProvider;

/** Finds classes of task code. Beside it, jars in `lib` and in Maven's `dependency` are on its class path. */
final class Code {
  private Code() {}

  /** The class of that name; without one, what the source file or the jar is about. */
  static Class<?> load(Path path, String className) throws Exception {
    boolean isSource = path.toString().endsWith(".java");
    String name = className != null ? className : isSource ? stem(path) : mainClass(path);
    List<URL> places = new ArrayList<>();
    places.add((isSource ? compiled(path) : path).toUri().toURL());
    for (Path jar : jarsBeside(path)) places.add(jar.toUri().toURL());
    URLClassLoader loader = new URLClassLoader(places.toArray(URL[]::new), Code.class.getClassLoader());
    try {
      return Class.forName(name, true, loader);
    } catch (ClassNotFoundException error) {
      throw new StartException(path + " has no class " + name);
    }
  }

  private static String stem(Path source) {
    return source.getFileName().toString().replaceFirst("\\.java$", "");
  }

  private static String mainClass(Path path) throws Exception {
    String how = "name the method with its class, as in org.example.Tasks.resize";
    if (Files.isDirectory(path)) throw new StartException(path + " is a folder of classes: " + how);
    try (JarFile jar = new JarFile(path.toFile())) {
      String main = jar.getManifest() == null ? null : jar.getManifest().getMainAttributes().getValue("Main-Class");
      if (main != null) return main;
    }
    throw new StartException(path + " has no Main-Class: " + how);
  }

  private static List<Path> jarsBeside(Path path) throws IOException {
    List<Path> jars = new ArrayList<>();
    for (String folder : List.of("lib", "dependency")) {
      Path place = path.resolveSibling(folder);
      if (!Files.isDirectory(place)) continue;
      try (Stream<Path> files = Files.list(place)) {
        files.filter(file -> file.toString().endsWith(".jar")).sorted().forEach(jars::add);
      }
    }
    return jars;
  }

  /** A folder with the classes of a source file, and of those beside it that it names. */
  private static Path compiled(Path source) throws Exception {
    JavaCompiler compiler = ToolProvider.getSystemJavaCompiler();
    if (compiler == null)
      throw new StartException(source + " cannot be compiled: this is a JRE, a JDK is needed, or a jar");
    Path folder = Files.createTempDirectory("classes-");
    String classPath = Stream.concat(Stream.of(System.getProperty("java.class.path")), jarsBeside(source).stream().map(Path::toString))
        .collect(Collectors.joining(":"));
    List<String> options =
        List.of("-d", folder.toString(), "-cp", classPath, "-sourcepath", source.getParent().toString(), "-proc:none");
    StringWriter said = new StringWriter();
    try (var files = compiler.getStandardFileManager(null, null, null)) {
      boolean isRight = compiler.getTask(said, files, null, options, null, files.getJavaFileObjects(source)).call();
      if (!isRight) throw new StartException(said.toString());
    }
    return folder;
  }
}
