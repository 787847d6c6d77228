using Lakehouse.Columns;

namespace Lakehouse.Benchmarks;

/// <summary>The 13 columns of the workload that the yardstick uses too.</summary>
internal static class TripsSchema
{
    internal static readonly Schema Schema = new(
        new Field("trip_id", TypeKind.String), new Field("rider", TypeKind.String), new Field("driver", TypeKind.String),
        new Field("city", TypeKind.String), new Field("event_time", TypeKind.TimestampMillis), new Field("fare", TypeKind.Double),
        new Field("distance_km", TypeKind.Double), new Field("surge", TypeKind.Double), new Field("status", TypeKind.String),
        new Field("lat", TypeKind.Double), new Field("lon", TypeKind.Double), new Field("payment", TypeKind.String),
        new Field("notes", TypeKind.String));
}
