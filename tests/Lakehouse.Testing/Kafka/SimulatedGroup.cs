using Lakehouse.Kafka;

namespace Lakehouse.Testing;

/// <summary>
/// A consumer group with eager rebalancing: first every member gives back all it has, then partitions are dealt out by range over the
/// member ids. Guarded by the log's lock.
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
            if (member.Pending is GroupEvent.Assigned)
            {
                member.Held.Clear();
                member.Pending = null;
            }
            else if (member.Held.Count > 0 && member.Pending is null && !member.IsRevoking)
            {
                member.Pending = new GroupEvent.Revoked([.. member.Held.Order()], Lost: false);
                member.IsRevoking = true;
            }
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
        if (_lost.Remove(consumer))
        {
            Join(consumer, topics);
        }
        else if (_members.TryGetValue(consumer.MemberId, out Member? member) && member.Consumer == consumer)
        {
            member.Held.ExceptWith(partitions);
            member.IsRevoking &= member.Held.Count > 0;
            DealWhenAllIsGivenBack();
        }
    }

    private void DealWhenAllIsGivenBack()
    {
        if (_members.Count == 0 || _members.Values.Any(member => member.Held.Count > 0))
        {
            return;
        }

        foreach (string topic in _members.Values.SelectMany(member => member.Topics).Distinct().Order(StringComparer.Ordinal))
        {
            Member[] readers = [.. _members.Values.Where(member => member.Topics.Contains(topic))];
            TopicPartition[] partitions = log.PartitionsOf(topic);
            for (int i = 0; i < partitions.Length; i++)
            {
                readers[i * readers.Length / partitions.Length].Held.Add(partitions[i]);
            }
        }

        foreach (Member member in _members.Values)
        {
            member.Pending = new GroupEvent.Assigned([.. member.Held.Order()]);
        }
    }

    private sealed class Member(SimulatedConsumer consumer, IReadOnlyList<string> topics)
    {
        public SimulatedConsumer Consumer { get; } = consumer;

        public IReadOnlyList<string> Topics { get; } = topics;

        public HashSet<TopicPartition> Held { get; } = [];

        public GroupEvent? Pending { get; set; }

        public bool IsRevoking { get; set; }
    }
}
