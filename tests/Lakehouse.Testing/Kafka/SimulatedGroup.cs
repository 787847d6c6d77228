using Lakehouse.Kafka;

namespace Lakehouse.Testing;

/// <summary>
/// A consumer group that deals its partitions out by range over the member ids. Eager: first every member gives back all it has.
/// Cooperative: each gives back only what others are to get, and is then told what is new, perhaps nothing. Guarded by the log's lock.
/// </summary>
internal sealed class SimulatedGroup(SimulatedLog log)
{
    private readonly SortedDictionary<string, Member> _members = new(StringComparer.Ordinal);
    private readonly Dictionary<SimulatedConsumer, HashSet<TopicPartition>> _lost = [];

    public SortedDictionary<TopicPartition, long> MirroredOffsets { get; } = [];

    public void Join(SimulatedConsumer consumer, IReadOnlyList<string> topics)
    {
        _members[consumer.MemberId] = new Member(consumer, topics);
        Rebalance();
    }

    public void Leave(SimulatedConsumer consumer)
    {
        _lost.Remove(consumer);
        if (_members.TryGetValue(consumer.MemberId, out Member? member) && member.Consumer == consumer)
        {
            _members.Remove(consumer.MemberId);
            Rebalance();
        }
    }

    public void Expel(SimulatedConsumer consumer)
    {
        if (_members.TryGetValue(consumer.MemberId, out Member? member) && member.Consumer == consumer)
        {
            _members.Remove(consumer.MemberId);
            _lost.Add(consumer, member.Held);
            Rebalance();
        }
    }

    public void Rebalance()
    {
        foreach (Member member in _members.Values)
        {
            if (member.Pending is GroupEvent.Assigned untold)
            {
                member.Held.ExceptWith(untold.Partitions);
                member.Pending = null;
            }
        }

        Dictionary<Member, HashSet<TopicPartition>> kept = log.IsCooperative ? Share() : [];
        foreach (Member member in _members.Values.Where(static member => member.Revoking.Count == 0))
        {
            member.Revoking.UnionWith(kept.TryGetValue(member, out HashSet<TopicPartition>? own) ? member.Held.Except(own) : member.Held);
            member.Pending = member.Revoking.Count == 0 ? null : new GroupEvent.Revoked([.. member.Revoking.Order()], Lost: false);
        }

        DealWhenAllIsGivenBack();
    }

    public GroupEvent? Poll(SimulatedConsumer consumer)
    {
        if (_lost.TryGetValue(consumer, out HashSet<TopicPartition>? lost))
        {
            return new GroupEvent.Revoked([.. lost.Order()], Lost: true);
        }

        if (!_members.TryGetValue(consumer.MemberId, out Member? member) || member.Consumer != consumer)
        {
            return null;
        }

        GroupEvent? pending = member.Pending;
        member.Pending = null;
        return pending;
    }

    public void GiveBack(SimulatedConsumer consumer, IReadOnlyList<TopicPartition> partitions, IReadOnlyList<string> topics)
    {
        if (_lost.TryGetValue(consumer, out HashSet<TopicPartition>? lost))
        {
            lost.ExceptWith(partitions);
            if (lost.Count == 0)
            {
                _lost.Remove(consumer);
                Join(consumer, topics);
            }
        }
        else if (_members.TryGetValue(consumer.MemberId, out Member? member) && member.Consumer == consumer)
        {
            member.Held.ExceptWith(partitions);
            member.Revoking.ExceptWith(partitions);
            DealWhenAllIsGivenBack();
        }
    }

    private void DealWhenAllIsGivenBack()
    {
        if (_members.Count == 0 || _members.Values.Any(static member => member.Revoking.Count > 0))
        {
            return;
        }

        Dictionary<Member, HashSet<TopicPartition>> share = Share();
        if (share.Any(static s => !s.Key.Held.IsSubsetOf(s.Value)))
        {
            Rebalance(); // Somebody has joined or left meanwhile.
            return;
        }

        foreach ((Member member, HashSet<TopicPartition> own) in share)
        {
            member.Pending = new GroupEvent.Assigned([.. own.Except(member.Held).Order()]);
            member.Held.UnionWith(own);
        }
    }

    private Dictionary<Member, HashSet<TopicPartition>> Share()
    {
        var share = _members.Values.ToDictionary(static member => member, static _ => new HashSet<TopicPartition>());
        foreach (string topic in _members.Values.SelectMany(member => member.Topics).Distinct().Order(StringComparer.Ordinal))
        {
            Member[] readers = [.. _members.Values.Where(member => member.Topics.Contains(topic))];
            TopicPartition[] partitions = log.PartitionsOf(topic);
            for (int i = 0; i < partitions.Length; i++)
            {
                share[readers[i * readers.Length / partitions.Length]].Add(partitions[i]);
            }
        }

        return share;
    }

    private sealed class Member(SimulatedConsumer consumer, IReadOnlyList<string> topics)
    {
        public SimulatedConsumer Consumer { get; } = consumer;

        public IReadOnlyList<string> Topics { get; } = topics;

        public HashSet<TopicPartition> Held { get; } = [];

        public GroupEvent? Pending { get; set; }

        /// <summary>What it was told to give back and has not yet.</summary>
        public HashSet<TopicPartition> Revoking { get; } = [];
    }
}
