import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import {
  copyFile,
  mkdir,
  mkdtemp,
  readFile,
  readdir,
  rename,
  rm,
  writeFile,
} from "node:fs/promises";
import { homedir } from "node:os";
import { join, resolve } from "node:path";
import { promisify } from "node:util";

const run = promisify(execFile);
const JAVA_SOURCES = resolve(import.meta.dirname, "../java");
const CLUSTER_ID = "c3Bpa2V3YXRjaC10ZXN0cw";

/** What a broker is started from. Kept between runs under the user's cache folder. */
export interface KafkaInstallation {
  /** Classpath of Kafka and of our two small mains, always in the same order: the class archive depends on it. */
  readonly classpath: string;
  /** A formatted, empty log folder to copy. */
  readonly template: string;
  readonly cacheDir: string;
}

export function kafkaCacheDir(): string {
  const base = process.env["XDG_CACHE_HOME"] ?? join(homedir(), ".cache");
  return join(base, "spikewatch", "kafka-4.1.0");
}

/** Fetches Kafka's jars through Maven, compiles our mains and formats a log folder; each step once, and safe beside another process. */
export async function installKafka(
  tell: (line: string) => void = () => undefined,
): Promise<KafkaInstallation> {
  const cacheDir = kafkaCacheDir();
  await mkdir(cacheDir, { recursive: true });
  const libs = join(cacheDir, "libs");
  await once(libs, async (into) => {
    tell("fetching Kafka 4.1.0 through Maven (once)");
    await maven(into, cacheDir);
  });
  const jars = (await readdir(libs)).sort().map((name) => join(libs, name));
  const sources = (await readdir(JAVA_SOURCES)).sort().map((name) => join(JAVA_SOURCES, name));
  const tools = join(cacheDir, `mains-${await digest(sources)}`);
  await once(tools, (into) => compile(sources, jars.join(":"), into));
  const classpath = [...jars, join(tools, "mains.jar")].join(":");
  const template = join(cacheDir, "formatted");
  await once(template, (into) => format(classpath, into));
  return { classpath, template, cacheDir };
}

/** Makes `target` in a folder beside it and renames it, so that a half-made one is never seen and two makers do not mix. */
async function once(target: string, make: (into: string) => Promise<void>): Promise<void> {
  if (existsSync(target)) return;
  const into = await mkdtemp(`${target}.part-`);
  try {
    await make(into);
    await rename(into, target);
  } catch (error) {
    if (!existsSync(target)) throw error;
  } finally {
    await rm(into, { recursive: true, force: true });
  }
}

async function maven(into: string, cacheDir: string): Promise<void> {
  const pom = join(into, "pom.xml");
  await copyFile(join(import.meta.dirname, "pom.xml"), pom);
  const goal = [
    "dependency:copy-dependencies",
    `-DoutputDirectory=${into}`,
    "-DincludeScope=runtime",
  ];
  try {
    await run("mvn", ["-q", "-B", "-f", pom, ...goal], { cwd: cacheDir });
  } catch (cause) {
    throw new Error(
      "Kafka's jars could not be fetched by `mvn dependency:copy-dependencies` (test/support/kafka/pom.xml): install Maven and " +
        "Java 17 (apt-get install maven default-jre-headless), check that Maven reaches its repository, or set SPIKEWATCH_KAFKA_BROKERS",
      { cause },
    );
  }
  await rm(pom);
}

/** Through the compiler's main class: a headless runtime has the module, though no `javac` command. */
async function compile(sources: string[], classpath: string, into: string): Promise<void> {
  const classes = join(into, "classes");
  const javac = ["-m", "jdk.compiler/com.sun.tools.javac.Main"];
  await run("java", [...javac, "-cp", classpath, "-d", classes, ...sources]);
  const jar = ["-m", "jdk.jartool/sun.tools.jar.Main", "cf", join(into, "mains.jar")];
  await run("java", [...jar, "-C", classes, "."]);
}

/** Formatting by Kafka's tool sets the feature levels; a hand-written meta.properties would leave them at 0. */
async function format(classpath: string, into: string): Promise<void> {
  const settings = join(into, "format.properties");
  await writeFile(
    settings,
    [
      "process.roles=broker,controller",
      "node.id=1",
      `log.dirs=${into}`,
      "listeners=PLAINTEXT://127.0.0.1:9092,CONTROLLER://127.0.0.1:9093",
      "controller.listener.names=CONTROLLER",
      "controller.quorum.voters=1@127.0.0.1:9093",
    ].join("\n"),
  );
  const tool = ["-cp", classpath, "kafka.tools.StorageTool", "format"];
  await run("java", [...tool, "-t", CLUSTER_ID, "-c", settings]);
  await rm(settings);
}

async function digest(files: readonly string[]): Promise<string> {
  const hash = createHash("sha256");
  for (const file of files) hash.update(await readFile(file));
  return hash.digest("hex").slice(0, 12);
}
