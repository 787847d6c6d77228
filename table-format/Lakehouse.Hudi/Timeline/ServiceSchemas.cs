namespace Lakehouse.Hudi;

/// <summary>
/// The Avro schemas of Hudi's service instants, field for field as <c>hudi-common/src/main/avro</c> of Hudi 0.15 has them. Readers find
/// records by their full names and the branches of unions by their order.
/// </summary>
internal static class ServiceSchemas
{
    internal const string CleanerPlan = """
        {"type":"record","name":"HoodieCleanerPlan","namespace":"org.apache.hudi.avro.model","fields":[
        {"name":"earliestInstantToRetain","type":["null",{"type":"record","name":"HoodieActionInstant","fields":[
        {"name":"timestamp","type":"string"},{"name":"action","type":"string"},{"name":"state","type":"string"}]}],"default":null},
        {"name":"lastCompletedCommitTimestamp","type":"string","default":""},
        {"name":"policy","type":"string"},
        {"name":"filesToBeDeletedPerPartition","type":["null",{"type":"map","values":{"type":"array","items":"string"}}],"default":null},
        {"name":"version","type":["int","null"],"default":1},
        {"name":"filePathsToBeDeletedPerPartition","type":["null",{"type":"map","values":{"type":"array","items":
        {"type":"record","name":"HoodieCleanFileInfo","fields":[{"name":"filePath","type":["null","string"],"default":null},
        {"name":"isBootstrapBaseFile","type":["null","boolean"],"default":null}]}}}],"default":null},
        {"name":"partitionsToBeDeleted","type":["null",{"type":"array","items":"string"}],"default":null},
        {"name":"extraMetadata","type":["null",{"type":"map","values":"string"}],"default":null}]}
        """;

    internal const string CleanMetadata = """
        {"type":"record","name":"HoodieCleanMetadata","namespace":"org.apache.hudi.avro.model","fields":[
        {"name":"startCleanTime","type":"string"},{"name":"timeTakenInMillis","type":"long"},{"name":"totalFilesDeleted","type":"int"},
        {"name":"earliestCommitToRetain","type":"string"},{"name":"lastCompletedCommitTimestamp","type":"string","default":""},
        {"name":"partitionMetadata","type":{"type":"map","values":{"type":"record","name":"HoodieCleanPartitionMetadata","fields":[
        {"name":"partitionPath","type":"string"},{"name":"policy","type":"string"},
        {"name":"deletePathPatterns","type":{"type":"array","items":"string"}},
        {"name":"successDeleteFiles","type":{"type":"array","items":"string"}},
        {"name":"failedDeleteFiles","type":{"type":"array","items":"string"}},
        {"name":"isPartitionDeleted","type":["null","boolean"],"default":null}]}}},
        {"name":"version","type":["int","null"],"default":1},
        {"name":"bootstrapPartitionMetadata","type":["null",{"type":"map","values":"HoodieCleanPartitionMetadata"}],"default":null},
        {"name":"extraMetadata","type":["null",{"type":"map","values":"string"}],"default":null}]}
        """;

    internal const string Savepoint = """
        {"type":"record","name":"HoodieSavepointMetadata","namespace":"org.apache.hudi.avro.model","fields":[
        {"name":"savepointedBy","type":"string"},{"name":"savepointedAt","type":"long"},{"name":"comments","type":"string"},
        {"name":"partitionMetadata","type":{"type":"map","values":{"type":"record","name":"HoodieSavepointPartitionMetadata","fields":[
        {"name":"partitionPath","type":"string"},{"name":"savepointDataFile","type":{"type":"array","items":"string"}}]}}},
        {"name":"version","type":["int","null"],"default":1}]}
        """;

    internal const string RestorePlan = """
        {"type":"record","name":"HoodieRestorePlan","namespace":"org.apache.hudi.avro.model","fields":[
        {"name":"instantsToRollback","type":{"type":"array","items":{"type":"record","name":"HoodieInstantInfo","fields":[
        {"name":"commitTime","type":"string"},{"name":"action","type":"string"}]}},"default":[]},
        {"name":"version","type":["int","null"],"default":2},
        {"name":"savepointToRestoreTimestamp","type":["null","string"],"default":null}]}
        """;

    internal const string RestoreMetadata = """
        {"type":"record","name":"HoodieRestoreMetadata","namespace":"org.apache.hudi.avro.model","fields":[
        {"name":"startRestoreTime","type":"string"},{"name":"timeTakenInMillis","type":"long"},
        {"name":"instantsToRollback","type":{"type":"array","items":"string"}},
        {"name":"hoodieRestoreMetadata","type":{"type":"map","values":{"type":"array","items":["null",
        {"type":"record","name":"HoodieRollbackMetadata","fields":[
        {"name":"startRollbackTime","type":"string"},{"name":"timeTakenInMillis","type":"long"},
        {"name":"totalFilesDeleted","type":"int"},{"name":"commitsRollback","type":{"type":"array","items":"string"}},
        {"name":"partitionMetadata","type":{"type":"map","values":{"type":"record","name":"HoodieRollbackPartitionMetadata","fields":[
        {"name":"partitionPath","type":"string"},{"name":"successDeleteFiles","type":{"type":"array","items":"string"}},
        {"name":"failedDeleteFiles","type":{"type":"array","items":"string"}},
        {"name":"rollbackLogFiles","type":["null",{"type":"map","values":"long"}],"default":null},
        {"name":"logFilesFromFailedCommit","type":["null",{"type":"map","values":"long"}],"default":null}]}}},
        {"name":"version","type":["int","null"],"default":1},
        {"name":"instantsRollback","type":{"type":"array","items":{"type":"record","name":"HoodieInstantInfo","fields":[
        {"name":"commitTime","type":"string"},{"name":"action","type":"string"}]}},"default":[]}]}]}}},
        {"name":"version","type":["int","null"],"default":1},
        {"name":"restoreInstantInfo","type":{"type":"array","items":"HoodieInstantInfo"},"default":[]}]}
        """;

    internal const string RequestedReplaceMetadata = """
        {"type":"record","name":"HoodieRequestedReplaceMetadata","namespace":"org.apache.hudi.avro.model","fields":[
        {"name":"operationType","type":["null","string"],"default":null},
        {"name":"clusteringPlan","type":["null",{"type":"record","name":"HoodieClusteringPlan","fields":[
        {"name":"inputGroups","type":["null",{"type":"array","items":{"type":"record","name":"HoodieClusteringGroup","fields":[
        {"name":"slices","type":["null",{"type":"array","items":{"type":"record","name":"HoodieSliceInfo","fields":[
        {"name":"dataFilePath","type":["null","string"],"default":null},
        {"name":"deltaFilePaths","type":["null",{"type":"array","items":"string"}],"default":null},
        {"name":"fileId","type":["null","string"]},
        {"name":"partitionPath","type":["null","string"],"default":null},
        {"name":"bootstrapFilePath","type":["null","string"],"default":null},
        {"name":"version","type":["int","null"],"default":1}]}}],"default":null},
        {"name":"metrics","type":["null",{"type":"map","values":"double"}],"default":null},
        {"name":"numOutputFileGroups","type":["int","null"],"default":1},
        {"name":"extraMetadata","type":["null",{"type":"map","values":"string"}],"default":null},
        {"name":"version","type":["int","null"],"default":1}]}}],"default":null},
        {"name":"strategy","type":["null",{"type":"record","name":"HoodieClusteringStrategy","fields":[
        {"name":"strategyClassName","type":["null","string"],"default":null},
        {"name":"strategyParams","type":["null",{"type":"map","values":"string"}],"default":null},
        {"name":"version","type":["int","null"],"default":1}]}],"default":null},
        {"name":"extraMetadata","type":["null",{"type":"map","values":"string"}],"default":null},
        {"name":"version","type":["int","null"],"default":1},
        {"name":"preserveHoodieMetadata","type":["null","boolean"],"default":null}]}],"default":null},
        {"name":"extraMetadata","type":["null",{"type":"map","values":"string"}],"default":null},
        {"name":"version","type":["int","null"],"default":1}]}
        """;
}
