import ArgumentParser

/// The benchmarks; `script/bench` runs them.
@main
struct Bench: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "bench",
        subcommands: [
            RoutingBench.self, BacklogBench.self, FilledBench.self, HeldBench.self, SteadyBench.self, RulesBench.self,
            IngestRate.self, ConstantRate.self,
        ],
        defaultSubcommand: RoutingBench.self
    )
}
