#!/usr/bin/env python3
"""End to end on real Kafka: our pipeline beside the arrow-rs yardstick and kcat, on one topic, in turns.

    end_to_end.py [--rows 50000000] [--rounds 3] [--brokers HOST:PORT --topic NAME] [--out FILE.md]

Without --brokers it starts a Kafka of its own and fills a topic of 4 partitions with trips of 263 bytes; that takes about a minute per
20 million. Needs the shared folder beside the repository, and kcat. Each turn reads the whole topic once:

  kcat -C -e      reads the records and throws them away
  ingest full 2   arrow-json and arrow-rs in Rust: decodes, writes Parquet with zstd; keeps no table and loses no sleep over a crash
  lakehouse run   trips.yaml: checkpoints every 5 s, fsync, meta columns, a Hudi table; verified at the end

Wall time, CPU time (user and system) and peak resident memory are those of the process; the broker's are not counted.
"""
import argparse, datetime, os, pathlib, platform, random, resource, shutil, statistics, subprocess, sys, tempfile, time

ROOT = pathlib.Path(__file__).resolve().parents[2]
SHARED = ROOT.parent / "shared"
PRODUCER = ["-z", "lz4", "-X", "queue.buffering.max.messages=2000000", "-X", "batch.num.messages=100000", "-X", "linger.ms=50"]


def start_kafka(work):
    port = str(random.randrange(20000, 29000))
    return subprocess.run(["bash", SHARED / "services/kafka.sh", "start", work / "kafka", port], check=True, text=True,
                          stdout=subprocess.PIPE, env={**os.environ, "KAFKA_HEAP": "1g"}).stdout.strip()


def fill(brokers, topic, rows):
    subprocess.run(["bash", SHARED / "services/kafka.sh", "tool", "org.apache.kafka.tools.TopicCommand", "--bootstrap-server", brokers,
                    "--create", "--topic", topic, "--partitions", "4"], check=True, stdout=subprocess.DEVNULL)
    generator = subprocess.Popen([sys.executable, SHARED / "workload/gen.py", str(rows)], stdout=subprocess.PIPE)
    subprocess.run(["kcat", "-P", "-b", brokers, "-t", topic, "-K", "\t", *PRODUCER], stdin=generator.stdout, check=True)


def measure(rows, command, environment=None):
    """Seconds, CPU microseconds per row and peak MB of one process."""
    subprocess.run(["sync"], check=True)
    begin = time.monotonic()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env={**os.environ, **(environment or {})})
    _, status, used = os.wait4(process.pid, 0)
    wall = time.monotonic() - begin
    if status != 0:
        sys.exit(f"{command} ended with {status}")
    return {"wall": wall, "rate": rows / wall, "cpu": (used.ru_utime + used.ru_stime) * 1e6 / rows, "peak": used.ru_maxrss / 1024}


def turn(rows, brokers, topic, work):
    """Each program once, on an empty folder."""
    for left in ("table", "yard"):
        shutil.rmtree(work / left, ignore_errors=True)
    yardstick = {"BROKERS": brokers, "TOPIC": topic}
    return {
        "kcat -C -e": measure(rows, ["kcat", "-C", "-e", "-q", "-b", brokers, "-t", topic]),
        "ingest full 2": measure(rows, [SHARED / "yardstick/ingest", "full", "2", work / "yard", "zstd"], yardstick),
        "lakehouse run": measure(rows, [ROOT / "lakehouse", "run", work / "trips.yaml", "--until-caught-up"]),
    }


def machine():
    model = next((line.split(":")[1].strip() for line in open("/proc/cpuinfo") if line.startswith("model name")), platform.machine())
    memory = next(int(line.split()[1]) for line in open("/proc/meminfo") if line.startswith("MemTotal")) // 1024 // 1024
    dotnet = subprocess.run(["dotnet", "--version"], text=True, stdout=subprocess.PIPE, check=True).stdout.strip()
    rdkafka = subprocess.run(["dpkg-query", "-W", "-f", "${Version}", "librdkafka1"], text=True, stdout=subprocess.PIPE).stdout
    commit = subprocess.run(["git", "-C", ROOT, "rev-parse", "--short", "HEAD"], text=True, stdout=subprocess.PIPE).stdout.strip()
    return (f"{os.cpu_count()} cores ({model}), {memory} GiB, Linux {platform.release()}, .NET SDK {dotnet}, librdkafka {rdkafka}, "
            f"commit {commit}, {datetime.date.today()}")


def report(rows, turns):
    lines = [f"# End to end: {rows:,} trips of 263 bytes, 4 partitions, medians of {len(turns)} turns", "", machine(), "",
             "| program | rows/s | wall s | CPU us/row | peak MB | rows/s of each turn |", "|---|---|---|---|---|---|"]
    middle = {}
    for program in turns[0]:
        runs = [t[program] for t in turns]
        middle[program] = {key: statistics.median(run[key] for run in runs) for key in runs[0]}
        m = middle[program]
        lines.append(f"| `{program}` | {m['rate']:,.0f} | {m['wall']:.1f} | {m['cpu']:.2f} | {m['peak']:.0f} | "
                     + ", ".join(f"{run['rate']:,.0f}" for run in runs) + " |")
    ratios = [t["lakehouse run"]["rate"] / t["ingest full 2"]["rate"] for t in turns]
    lines += ["", f"`lakehouse run` reaches {statistics.median(ratios):.2f} x the rate of `ingest full 2` (median of the turns' ratios: "
              + ", ".join(f"{r:.2f}" for r in ratios) + ")."]
    return "\n".join(lines) + "\n"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=50_000_000, help="how many there are, or are to be, in the topic")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--brokers")
    parser.add_argument("--topic", default="trips")
    parser.add_argument("--out")
    options = parser.parse_args()
    subprocess.run([ROOT / "lakehouse", "--version"], check=True, stdout=subprocess.DEVNULL)
    work = pathlib.Path(tempfile.mkdtemp(prefix="lakehouse-benchmark-"))
    brokers = options.brokers
    try:
        if brokers is None:
            brokers = start_kafka(work)
            fill(brokers, options.topic, options.rows)
        pipeline = (pathlib.Path(__file__).parent / "trips.yaml").read_text()
        (work / "trips.yaml").write_text(
            pipeline.replace("localhost:9092", brokers).replace("TOPIC", options.topic).replace("TABLE", str(work / "table")))
        turns = []
        for _ in range(options.rounds):
            turns.append(turn(options.rows, brokers, options.topic, work))
            print({program: {k: round(v, 2) for k, v in run.items()} for program, run in turns[-1].items()}, file=sys.stderr, flush=True)
        proof = subprocess.run([ROOT / "lakehouse", "verify", work / "table"], text=True, stdout=subprocess.PIPE)
        if proof.returncode != 0:
            sys.exit(proof.stdout)
        text = report(options.rows, turns) + "\n" + "\n".join(proof.stdout.splitlines()[-3:]).replace(str(work) + "/", "") + "\n"
        print(text)
        if options.out:
            pathlib.Path(options.out).write_text(text)
    finally:
        if options.brokers is None:
            subprocess.run(["bash", SHARED / "services/kafka.sh", "stop", work / "kafka"], stdout=subprocess.DEVNULL)
        shutil.rmtree(work, ignore_errors=True)


main()
