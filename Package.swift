// swift-tools-version: 6.2
import PackageDescription

/// Settings of every target of ours: the Swift 6 language mode, and no warning let through.
let settings: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .treatAllWarnings(as: .error),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
]

let logging: Target.Dependency = .product(name: "Logging", package: "swift-log")
let lifecycle: Target.Dependency = .product(name: "ServiceLifecycle", package: "swift-service-lifecycle")
let signals: Target.Dependency = .product(name: "UnixSignals", package: "swift-service-lifecycle")
let deque: Target.Dependency = .product(name: "DequeModule", package: "swift-collections")
let subprocess: Target.Dependency = .product(name: "Subprocess", package: "swift-subprocess")
let nio: Target.Dependency = .product(name: "NIOCore", package: "swift-nio")
let nioPosix: Target.Dependency = .product(name: "NIOPosix", package: "swift-nio")
let nioEmbedded: Target.Dependency = .product(name: "NIOEmbedded", package: "swift-nio")
let coreMetrics: Target.Dependency = .product(name: "CoreMetrics", package: "swift-metrics")
let hummingbird: Target.Dependency = .product(name: "Hummingbird", package: "hummingbird")
let tracing: Target.Dependency = .product(name: "Tracing", package: "swift-distributed-tracing")
let arguments: Target.Dependency = .product(name: "ArgumentParser", package: "swift-argument-parser")

let package = Package(
    name: "switchyard",
    platforms: [.macOS(.v15)],
    products: [
        .executable(name: "switchyard", targets: ["switchyard"])
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser.git", from: "1.8.2"),
        .package(url: "https://github.com/apple/swift-collections.git", from: "1.6.0"),
        .package(url: "https://github.com/apple/swift-distributed-tracing.git", from: "1.7.3"),
        .package(url: "https://github.com/apple/swift-log.git", from: "1.16.2"),
        .package(url: "https://github.com/apple/swift-metrics.git", from: "2.13.0"),
        .package(url: "https://github.com/apple/swift-nio.git", from: "2.101.2"),
        // Without its traits it does without the whole of Foundation, and so the binary does without ICU.
        .package(url: "https://github.com/hummingbird-project/hummingbird.git", from: "2.28.1", traits: []),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle.git", from: "2.13.0"),
        .package(url: "https://github.com/swiftlang/swift-subprocess.git", from: "1.0.2"),
    ],
    targets: [
        // The rooms, from the ground up: each uses only rooms that stand above it here.
        .target(name: "JSON", swiftSettings: settings),
        .target(name: "CivilTime", swiftSettings: settings),
        .target(name: "Addresses", swiftSettings: settings),
        .systemLibrary(name: "CLibPQ", pkgConfig: "libpq", providers: [.apt(["libpq-dev"])]),
        .systemLibrary(name: "CLibCurl", pkgConfig: "libcurl", providers: [.apt(["libcurl4-openssl-dev"])]),
        .systemLibrary(name: "CLibSSL", pkgConfig: "libssl", providers: [.apt(["libssl-dev"])]),
        .systemLibrary(name: "CLibYAML", pkgConfig: "yaml-0.1", providers: [.apt(["libyaml-dev"])]),
        .target(name: "YAML", dependencies: ["CLibYAML", "JSON"], swiftSettings: settings),
        .target(
            name: "Postgres",
            dependencies: ["CLibPQ", "CivilTime", deque, lifecycle, logging],
            swiftSettings: settings
        ),
        .target(
            name: "EmbeddedPostgres",
            dependencies: [lifecycle, logging, subprocess],
            swiftSettings: settings,
            plugins: ["EmbedFiles"]
        ),
        .target(name: "CDigests", linkerSettings: [.linkedLibrary("crypto")]),
        .target(name: "Digests", dependencies: ["CDigests"], swiftSettings: settings),
        .target(name: "Outbound", dependencies: ["Addresses", "CLibCurl", tracing], swiftSettings: settings),
        .target(name: "Accounts", dependencies: ["Digests", "JSON", "Outbound"], swiftSettings: settings),
        .target(
            name: "RoutingRules",
            dependencies: ["CivilTime", "Digests", "JSON"],
            swiftSettings: settings,
            plugins: ["EmbedFiles"]
        ),
        .target(
            name: "LeadStore",
            dependencies: ["Addresses", "Digests", "JSON", "Postgres", "RoutingRules"],
            swiftSettings: settings,
            plugins: ["EmbedFiles"]
        ),
        .target(
            name: "LeadRouting",
            dependencies: [
                "Accounts", "Addresses", "Digests", "JSON", "LeadStore", "Postgres", "RoutingRules", deque, lifecycle,
                logging,
            ],
            swiftSettings: settings
        ),
        .target(
            name: "Monitoring",
            dependencies: [
                "CivilTime", "Digests", "JSON", "LeadRouting", "LeadStore", "Outbound", "Postgres", "RoutingRules",
                coreMetrics, lifecycle, logging, tracing,
            ],
            swiftSettings: settings
        ),
        .target(
            name: "Inngest",
            dependencies: ["Digests", "JSON", "Outbound", deque, lifecycle, logging],
            swiftSettings: settings
        ),
        .target(
            name: "Web",
            dependencies: [
                "Addresses", "CLibSSL", "CivilTime", "JSON", "LeadRouting", "LeadStore", "Postgres", "RoutingRules",
                "YAML", coreMetrics, hummingbird, logging, tracing,
            ],
            swiftSettings: settings,
            plugins: ["EmbedFiles"]
        ),
        .target(
            name: "SwitchyardServer",
            dependencies: [
                "Accounts", "Addresses", "EmbeddedPostgres", "Inngest", "JSON", "LeadRouting", "LeadStore",
                "Monitoring", "Outbound", "Postgres", "RoutingRules", "Web", lifecycle, logging, signals,
            ],
            swiftSettings: settings,
            plugins: ["EmbedFiles"]
        ),
        .target(
            name: "SwitchyardCommands",
            dependencies: [
                "Addresses", "JSON", "LeadRouting", "LeadStore", "Monitoring", "Postgres", "RoutingRules",
                "SwitchyardServer", "Web", "YAML", arguments, signals,
            ],
            swiftSettings: settings
        ),
        .executableTarget(
            name: "switchyard",
            dependencies: ["SwitchyardCommands", arguments],
            swiftSettings: settings
        ),

        // Data files as string constants: see Plugins/EmbedFiles.
        .executableTarget(name: "embed-files", swiftSettings: settings),
        .plugin(name: "EmbedFiles", capability: .buildTool(), dependencies: ["embed-files"]),

        .executableTarget(
            name: "bench",
            dependencies: ["LeadRouting", "LeadStore", "Postgres", "RoutingRules", arguments, logging],
            path: "Benchmarks",
            exclude: [
                "http_load.py", "measure-filled-server.py", "measure-server.py", "measure-turns.py",
                "peers.py", "post-leads.lua", "publish.py", "simulate.sh", "write-report.py",
            ],
            swiftSettings: settings
        ),

        // Unit tests: no database.
        .testTarget(name: "JSONTests", dependencies: ["JSON"], swiftSettings: settings),
        .testTarget(name: "CivilTimeTests", dependencies: ["CivilTime"], swiftSettings: settings),
        .testTarget(name: "AddressesTests", dependencies: ["Addresses"], swiftSettings: settings),
        .testTarget(name: "DigestsTests", dependencies: ["Digests"], swiftSettings: settings),
        // Makes keys and signatures, which the program only verifies.
        .target(
            name: "TestSigning",
            path: "Tests/TestSigning",
            linkerSettings: [.linkedLibrary("crypto")]
        ),
        .testTarget(
            name: "AccountsTests",
            dependencies: ["Accounts", "Digests", "JSON", "TestSigning"],
            exclude: ["Vectors"],
            swiftSettings: settings
        ),
        .testTarget(
            name: "OutboundTests",
            dependencies: ["Addresses", "Outbound", nio, nioPosix, subprocess],
            exclude: ["tls_server.py"],
            swiftSettings: settings
        ),
        .testTarget(
            name: "RoutingRulesTests",
            dependencies: ["JSON", "RoutingRules"],
            swiftSettings: settings
        ),
        .testTarget(
            name: "InngestTests",
            dependencies: ["JSON", "Inngest", "Outbound", logging],
            exclude: ["Interop"],
            swiftSettings: settings
        ),
        .testTarget(
            name: "MonitoringTests",
            dependencies: [
                "Digests", "LeadRouting", "LeadStore", "Monitoring", "Outbound", "Postgres", "RoutingRules",
                "TestDatabase", coreMetrics, logging, tracing,
            ],
            exclude: ["Harness"],
            swiftSettings: settings
        ),
        .testTarget(
            name: "WebTests",
            dependencies: [
                "JSON", "LeadRouting", "LeadStore", "Postgres", "RoutingRules", "Web", "WebTestSupport", coreMetrics,
                hummingbird, nio, nioEmbedded, nioPosix, subprocess,
            ],
            exclude: ["tls_client.py"],
            swiftSettings: settings
        ),
        // The API over use cases, without a socket: for tests with and without a database.
        .target(
            name: "WebTestSupport",
            dependencies: [
                "Accounts", "Digests", "LeadRouting", "LeadStore", "Postgres", "Web", coreMetrics, hummingbird,
                lifecycle, logging,
                nio, nioEmbedded,
            ],
            path: "Tests/WebTestSupport",
            swiftSettings: settings
        ),
        // Tests with a database each, cloned from a migrated template.
        .target(
            name: "TestDatabase",
            dependencies: ["CLibPQ", "EmbeddedPostgres", "LeadStore", "Postgres", logging],
            path: "Tests/TestDatabase",
            swiftSettings: settings
        ),
        .testTarget(
            name: "EmbeddedPostgresTests",
            dependencies: ["EmbeddedPostgres", "LeadStore", "Postgres", "TestDatabase", logging],
            swiftSettings: settings
        ),
        .testTarget(
            name: "PostgresTests",
            dependencies: ["Postgres", "TestDatabase", logging],
            swiftSettings: settings
        ),
        .testTarget(
            name: "MigrationTests",
            dependencies: ["LeadStore", "Postgres", "TestDatabase"],
            swiftSettings: settings
        ),
        .testTarget(
            name: "LeadStoreTests",
            dependencies: ["Addresses", "EmbeddedPostgres", "LeadStore", "Postgres", "RoutingRules", "TestDatabase"],
            swiftSettings: settings
        ),
        .testTarget(
            name: "LeadRoutingTests",
            dependencies: [
                "Addresses", "JSON", "LeadRouting", "LeadStore", "Postgres", "RoutingRules", "TestDatabase",
            ],
            swiftSettings: settings
        ),
        .testTarget(
            name: "APITests",
            dependencies: [
                "Accounts", "Addresses", "Digests", "JSON", "LeadRouting", "LeadStore", "Postgres", "RoutingRules",
                "TestDatabase", "Web", "WebTestSupport", hummingbird, logging, nio, nioPosix,
            ],
            swiftSettings: settings
        ),
        .testTarget(
            name: "SwitchyardServerTests",
            dependencies: [
                "Addresses", "Inngest", "JSON", "LeadRouting", "Monitoring", "Outbound", "RoutingRules",
                "SwitchyardServer", "TestDatabase", "Web", logging, nio, nioPosix,
            ],
            swiftSettings: settings
        ),
        .testTarget(
            name: "SwitchyardCommandsTests",
            dependencies: ["JSON", "Postgres", "SwitchyardCommands", "SwitchyardServer", "TestDatabase", arguments],
            swiftSettings: settings
        ),
    ]
)
