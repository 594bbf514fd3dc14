# frozen_string_literal: true

# The warm process for Ruby: runs calls of methods in files, one after another. JSON lines on fd 3 (in) and fd 4 (out);
# see ../PROTOCOL.md. Ruby 3.1 or later, standard library only.

require_relative 'harness_task'

abort "functions in Ruby need Ruby 3.1 or later, this is #{RUBY_VERSION}" if (RUBY_VERSION.split('.').map(&:to_i) <=> [3, 1]) < 0

module FanfoldHarness
  # There is nothing to call: a file or method is missing.
  class StartError < StandardError; end

  # What calls refer to by number: a method in a file, loaded at its first call, again when the file has changed.
  class Definition
    def initialize(run, folder)
      folder ||= Dir.pwd
      @path = File.expand_path(run['path'], folder)
      @name = run['name']
      @places = [folder, File.dirname(@path)]
    end

    def call(task)
      refresh
      arity = @method.arity
      given = [task.input, task]
      @method.call(*(arity.negative? ? given : given.first(arity)))
    end

    private

    def refresh
      raise StartError, "the file #{@path} is missing" unless File.exist?(@path)

      stamp = File.mtime(@path)
      return if @method && stamp == @stamp

      @places.each { |place| $LOAD_PATH.unshift(place) unless $LOAD_PATH.include?(place) }
      # In a module of its own, so that files do not see each other's methods.
      space = Module.new
      load(@path, space)
      @method = find(space)
      @stamp = stamp
    end

    def find(space)
      *owner, name = @name.split(/\.|::/)
      return Object.new.extend(space).method(name) if owner.empty?

      owner.inject(space) { |place, part| place.const_get(part) }.method(name)
    rescue NameError
      raise StartError, "#{@path} has no method #{@name}"
    end
  end

  # Messages from the executor, and the calls that they bring.
  class Harness
    HERE = "#{__dir__}/"

    def initialize(output_max)
      @output_max = output_max
      @pipe = IO.for_fd(3, 'rb', autoclose: false)
      @rest = +''
      @queue = []
      @definitions = {}
      @task = nil
      @memory_at = 0.0
    end

    def serve
      Task.pump = method(:pump)
      Signal.trap('USR1') { poked }
      Out.value(%w[ready SIGUSR1])
      loop do
        read while @queue.empty? || waiting?
        run_one(*@queue.shift)
      end
    end

    private

    # ---- messages ----

    # Takes what has come; waits for it where there is nothing. Its end is ours.
    def read
      *lines, @rest = (@rest + @pipe.readpartial(65_536)).split("\n", -1)
      lines.each { |line| take(JSON.parse(line, max_nesting: false)) }
    rescue EOFError, SystemCallError
      abandon
    end

    def waiting?(seconds = 0) = !IO.select([@pipe], nil, nil, seconds).nil?

    def take(message)
      case message
      in ['define', id, run, folder] then @definitions[id] = Definition.new(run, folder)
      in ['call', id, calls] then calls.each { |call| @queue << [@definitions[id], Task.new(call)] }
      in ['answer', id, number, answer] then (@task.answered(number, answer) if @task&.number == id)
      in ['recall'] then give_back { true }
      in ['cancel', id]
        if @task&.number == id
          @task.cancelled = true
        else
          give_back { |task| task.number == id }
        end
      else nil
      end
    end

    def give_back
      back, @queue = @queue.partition { |_, task| yield task }
      Out.value(['recalled', *back.map { |_, task| task.number }]) unless back.empty?
    end

    # Whoever started us is gone: nothing that we have started may stay.
    def abandon
      Process.kill('KILL', -Process.pid)
    ensure
      exit!(1)
    end

    # In the middle of a call that waits for an answer. Else the signal that comes with it would take it away from us.
    def pump
      @pumping = true
      read if waiting?(0.05)
      @pumping = false
      stop_if_cancelled
    end

    # In the middle of a call, told by a signal.
    def poked
      return if @task.nil? || @pumping
      return Out.later = method(:poked) if Out.busy

      read while waiting?
      stop_if_cancelled
    end

    def stop_if_cancelled
      return if !@task.cancelled? || @told

      @told = true
      raise Fanfold::Cancelled, 'the attempt was cancelled'
    end

    # ---- calls ----

    def run_one(definition, task)
      at = FanfoldHarness.now_ms
      start = clock
      cpu = Process.clock_gettime(Process::CLOCK_PROCESS_CPUTIME_ID)
      kind, text = outcome(definition, task)
      us = ((clock - start) * 1e6).to_i
      used = ((Process.clock_gettime(Process::CLOCK_PROCESS_CPUTIME_ID) - cpu) * 1e6).to_i
      tell_memory(us)
      task.close_log
      Out.text("[\"#{kind}\",#{task.number},#{at},#{us},#{text},#{used}]\n")
    end

    # What the call came to: the message's kind and JSON.
    def outcome(definition, task)
      Capture.task = task
      @told = false
      @task = task
      output = definition.call(task)
      @task = nil
      print_output(output)
    rescue Exception => e # the call's own failure, whatever it is
      @task = nil
      ['fail', JSON.generate(describe(e))]
    ensure
      @task = nil
      Capture.task = nil
    end

    def print_output(output)
      text = JSON.generate(output, max_nesting: 0)
      return ['done', text] if text.bytesize <= @output_max

      failed_output("the output has #{text.bytesize} bytes, more than #{@output_max}")
    rescue JSON::GeneratorError, EncodingError, SystemStackError => e
      failed_output(e.message)
    end

    def failed_output(message) = ['fail', JSON.generate({ reason: 'output', message: message })]

    def describe(error)
      message = error.message.dup.force_encoding(Encoding::UTF_8).scrub
      case error
      when StartError then return { reason: 'start', message: message }
      when SystemExit
        return { reason: 'exit', exitCode: error.status, message: "exit(#{error.status}) was called" }
      end
      frames = (error.backtrace || []).reject { |frame| frame.start_with?(HERE) && !frame.start_with?("#{HERE}fixture") }
      {
        reason: error.is_a?(NoMemoryError) ? 'memory' : 'error',
        name: error.class.name || 'Error',
        message: message[0, 2000],
        stack: ["#{error.class}: #{message}", *frames].join("\n\t")[0, 8000].scrub
      }
    end

    # Tells now and then, and after long calls, the most memory that was resident since the last time.
    def tell_memory(us)
      return if clock - @memory_at < 1 && us < 50_000

      @memory_at = clock
      kb = File.read('/proc/self/status')[/^VmHWM:\s+(\d+)/, 1]
      Out.value(['memory', kb.to_i / 1024.0])
      File.write('/proc/self/clear_refs', '5')
    rescue SystemCallError
      nil # Where the kernel does not tell, nothing is told.
    end

    def clock = Process.clock_gettime(Process::CLOCK_MONOTONIC)
  end
end

$stdout = FanfoldHarness::Capture.new(0, $stdout)
$stderr = FanfoldHarness::Capture.new(1, $stderr)
FanfoldHarness::Harness.new(Integer(ARGV[1] || 1 << 24)).serve
