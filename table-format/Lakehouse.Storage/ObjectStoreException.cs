namespace Lakehouse.Storage;

/// <summary>A store could not do what it was asked: names the operation, the path and what to do where that is known.</summary>
public sealed class ObjectStoreException : IOException
{
    /// <summary>Describes a failed operation.</summary>
    public ObjectStoreException(string operation, string root, ObjectPath path, string reason, Exception? inner = null)
        : base($"{operation} of '{path}' in {root} failed: {reason}", inner) => (Operation, Path) = (operation, path);

    /// <summary>The operation, such as <c>put-if-absent</c>.</summary>
    public string Operation { get; }

    /// <summary>The object.</summary>
    public ObjectPath Path { get; }

    /// <summary>True when trying the same call again may help.</summary>
    public bool IsTransient { get; init; }

    /// <summary>True when the operation may or may not have taken effect: resolve it by reading.</summary>
    public bool OutcomeIsUnknown { get; init; }

    /// <summary>True when the store has certainly not done it, so that even a conditional creation may be sent again.</summary>
    public bool HadNoEffect { get; init; }
}
